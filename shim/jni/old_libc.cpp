// What this library's own parts would take from a glibc newer than that of old Spark images (2.31): defined here, hidden, over what is older. The
// static libstdc++ and libgcc were built for the glibc of the build machine; each of these is what they, or ipc, refer to.
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)

#if defined(__x86_64__)
#define OUTRIGGER_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define OUTRIGGER_OLDEST "GLIBC_2.17"
#endif

#ifdef OUTRIGGER_OLDEST
// NOLINTBEGIN(readability-identifier-naming): names of libc.
extern "C" {

// 2.34 gave these two a new version when libpthread became a part of libc; the old names are still there.
__asm__(".symver outrigger_old_once, pthread_once@" OUTRIGGER_OLDEST);
__asm__(".symver outrigger_old_key_create, pthread_key_create@" OUTRIGGER_OLDEST);
int outrigger_old_once(pthread_once_t*, void (*)(void));
int outrigger_old_key_create(pthread_key_t*, void (*)(void*));

int pthread_once(pthread_once_t* once, void (*body)(void)) {
  return outrigger_old_once(once, body);
}
int __pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) {
  return outrigger_old_key_create(key, destroy);
}

// 2.32: "there is one thread", which lets libstdc++ count without atomics. Never in a JVM.
char __libc_single_threaded = 0;

// 2.33 made these functions of their own. On 64-bit machines the kernel's struct stat is the library's.
int fstatat(int directory, const char* path, struct stat* out, int flags) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, directory, path, out, flags));
}
int fstat(int file, struct stat* out) noexcept {
  return fstatat(file, "", out, AT_EMPTY_PATH);
}

// 2.36; std::random_device.
std::uint32_t arc4random() {
  std::uint32_t value = 0;
  while (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
  }
  return value;
}

}  // extern "C"

namespace {

struct Search {
  std::uintptr_t address;
  dl_find_object* found;
};

int look(dl_phdr_info* object, std::size_t, void* argument) {
  auto* search = static_cast<Search*>(argument);
  std::uintptr_t begin = UINTPTR_MAX, end = 0, frames = 0;
  bool inside = false;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& part = object->dlpi_phdr[i];
    const std::uintptr_t from = object->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_GNU_EH_FRAME) frames = from;
    if (part.p_type != PT_LOAD) continue;
    begin = from < begin ? from : begin;
    end = from + part.p_memsz > end ? from + part.p_memsz : end;
    inside = inside || (search->address >= from && search->address < from + part.p_memsz);
  }
  if (!inside || frames == 0) return 0;
  *search->found = {};
  search->found->dlfo_map_start = reinterpret_cast<void*>(begin);
  search->found->dlfo_map_end = reinterpret_cast<void*>(end);
  search->found->dlfo_eh_frame = reinterpret_cast<void*>(frames);
  return 1;
}

}  // namespace

// 2.35: where the unwinder finds the frames of a program counter. The older way walks the loaded objects.
extern "C" int _dl_find_object(void* address, struct dl_find_object* result) noexcept {
  Search search{reinterpret_cast<std::uintptr_t>(address), result};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}

// NOLINTEND(readability-identifier-naming)
#endif  // OUTRIGGER_OLDEST
#endif  // __GLIBC_PREREQ

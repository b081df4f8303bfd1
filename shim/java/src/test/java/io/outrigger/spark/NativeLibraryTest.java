package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  private static File elf(Path directory, int machine) throws Exception {
    byte[] head = new byte[64];
    head[0] = 0x7F;
    head[1] = 'E';
    head[2] = 'L';
    head[3] = 'F';
    head[18] = (byte) machine;
    Path file = directory.resolve("lib-" + machine + ".so");
    Files.write(file, head);
    return file.toFile();
  }

  @Test
  void what_does_not_fit_is_one_line_with_file_cause_and_way_out(@TempDir Path directory) throws Exception {
    File arm = elf(directory, 183);
    assertEquals("outrigger: " + arm
            + (" is for aarch64, this JVM runs on amd64; set spark.outrigger.nativeLibrary to a "
               + "liboutrigger_jni.so for amd64 and glibc"),
        NativeLibrary.explain(arm, "amd64", false, ""));
    File intel = elf(directory, 62);
    assertTrue(NativeLibrary.explain(intel, "amd64", true, "").contains("needs glibc, this image has musl"));
    assertTrue(NativeLibrary.explain(intel, "amd64", false, "version `GLIBC_2.27' not found")
            .contains("GLIBC_2.27"));
    Path text = Files.writeString(directory.resolve("text.so"), "no library at all, but long enough");
    assertTrue(NativeLibrary.explain(text.toFile(), "amd64", false, "").contains("is no ELF library"));
    assertTrue(NativeLibrary.explain(new File("/nowhere.so"), "amd64", false, "").contains("does not exist"));
    assertTrue(NativeLibrary.explain(null, "amd64", false, "")
            .contains("neither beside the shim's jar nor on java.library.path"));
  }

  @Test
  void a_library_with_another_layout_is_refused() {
    assertTrue(Layout.misfit(1 << 16, new int[] {1, 2, 3}).contains("laid out"));
    assertTrue(Layout.misfit(2 << 16, new int[0]).contains("C ABI is version 2.0"));
  }

  @Test
  void versions_are_compared_as_numbers() {
    assertTrue(new SparkVersion("4.10.0").atLeast(4, 2));
    assertTrue(new SparkVersion("5.0.0-SNAPSHOT").atLeast(4, 2));
    assertEquals(false, new SparkVersion("4.1.1").atLeast(4, 2));
    assertEquals(false, new SparkVersion("3.5.6").atLeast(4, 0));
  }
}

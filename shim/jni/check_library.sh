#!/bin/sh
# check_library.sh LIBRARY : exports nothing but the natives, needs libc alone and no libc newer than 2.31.
set -eu
library=$1
newest=2.31 # Ubuntu 20.04, the base of the oldest supported Spark images
extra=$(nm -D --defined-only "$library" | awk '{print $3}' | grep -v '^Java_io_outrigger_spark_Natives_' || true)
[ -z "$extra" ] || { echo "jni_library: exports that are no natives: $extra"; exit 1; }
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v -E '^(libc|libm|libpthread|ld-linux.*)\.so' || true)
[ -z "$needed" ] || { echo "jni_library: needs more than libc: $needed"; exit 1; }
wanted=$(objdump -T "$library" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -1)
[ "$(printf '%s\n%s\n' "$wanted" "$newest" | sort -V | tail -1)" = "$newest" ] ||
  { echo "jni_library: needs glibc $wanted, newer than $newest:"; objdump -T "$library" | grep "GLIBC_$wanted"; exit 1; }
echo "jni_library: natives only, libc alone, glibc $wanted or newer"

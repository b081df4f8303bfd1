package io.outrigger.spark;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URISyntaxException;
import java.security.CodeSource;

/**
 * Finds and loads liboutrigger_jni.so once per class loader: the path given, else beside this jar, else
 * java.library.path. What does not fit is said in one line that names the file, what it is, what is needed
 * and the way out. Any thread.
 */
final class NativeLibrary {
  private static final String NAME = "liboutrigger_jni.so";
  private static boolean loaded;

  private NativeLibrary() {}

  /** Loads the library unless that has been done. Throws {@link ChannelException} with one line. */
  static synchronized void load(String given) {
    if (loaded) {
      return;
    }
    File file = given.isEmpty() ? besideTheJar() : new File(given);
    try {
      if (file == null) {
        System.loadLibrary("outrigger_jni");
      } else {
        System.load(file.getAbsolutePath());
      }
    } catch (UnsatisfiedLinkError error) {
      throw new ChannelException(
          explain(file, System.getProperty("os.arch"), muslHere(), error.getMessage()));
    }
    String misfit = Layout.misfit(Natives.abiVersion(), Natives.layout());
    if (misfit != null) {
      throw new ChannelException("outrigger: " + (file == null ? NAME : file) + ": " + misfit
          + "; use the jar and library of one installation");
    }
    loaded = true;
  }

  private static File besideTheJar() {
    try {
      CodeSource source = NativeLibrary.class.getProtectionDomain().getCodeSource();
      if (source == null) {
        return null;
      }
      File beside = new File(new File(source.getLocation().toURI()).getParentFile(), NAME);
      return beside.exists() ? beside : null;
    } catch (URISyntaxException | IllegalArgumentException | SecurityException noFile) {
      return null;
    }
  }

  /**
   * One line for a library that cannot be loaded. {@code file} may be null: it was looked for on
   * java.library.path.
   */
  static String explain(File file, String arch, boolean musl, String loader) {
    String wayOut = "; set " + Settings.NATIVE_LIBRARY + " to a " + NAME + " for " + arch + " and "
        + (musl ? "musl" : "glibc");
    if (file == null) {
      return "outrigger: " + NAME + " is neither beside the shim's jar nor on java.library.path" + wayOut;
    }
    if (!file.isFile()) {
      return "outrigger: " + file + " does not exist" + wayOut;
    }
    String machine = machineOf(file);
    if (machine.isEmpty()) {
      return "outrigger: " + file + " is no ELF library" + wayOut;
    }
    if (!machine.equals(arch)) {
      return "outrigger: " + file + " is for " + machine + ", this JVM runs on " + arch + wayOut;
    }
    if (musl) {
      return "outrigger: " + file + " needs glibc, this image has musl; use an image with glibc" + wayOut;
    }
    return "outrigger: " + file + " cannot be loaded: " + loader + wayOut;
  }

  private static boolean muslHere() {
    String[] names = new File("/lib").list((directory, name) -> name.startsWith("ld-musl-"));
    boolean glibc =
        new File("/lib64/ld-linux-x86-64.so.2").exists() || new File("/lib/ld-linux-aarch64.so.1").exists();
    return names != null && names.length > 0 && !glibc;
  }

  /** As os.arch names it; empty: no ELF file. */
  static String machineOf(File file) {
    byte[] head = new byte[20];
    try (RandomAccessFile in = new RandomAccessFile(file, "r")) {
      in.readFully(head);
    } catch (IOException unreadable) {
      return "";
    }
    if (head[0] != 0x7F || head[1] != 'E' || head[2] != 'L' || head[3] != 'F') {
      return "";
    }
    int machine = (head[18] & 0xFF) | (head[19] & 0xFF) << 8;
    switch (machine) {
      case 62:
        return "amd64";
      case 183:
        return "aarch64";
      default:
        return "machine " + machine;
    }
  }
}

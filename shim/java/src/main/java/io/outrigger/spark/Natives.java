package io.outrigger.spark;

import java.nio.ByteBuffer;

/**
 * The natives of liboutrigger_jni.so, one for each function of the C ABI that the shim needs; {@link Channel}
 * is what other code uses. Failures are {@link ChannelException}s with the library's own line. Handles are
 * numbers; a closed one must not be passed.
 */
final class Natives {
  static final int EXIT_CLASS = 0;
  static final int ERROR_CLASS = 1;
  static final int VERDICT = 2;
  static final int WAIT_REASON = 3;
  static final int SESSION_STATE = 4;

  private Natives() {}

  static native int abiVersion();

  static native int[] layout();

  static native long open(String runDirectory, String applicationId, String clientVersion, int idBlock);

  static native void close(long handle);

  static native String nonce(long handle);

  static native String name(int kind, int number);

  static native void drain(long handle, long timeoutMs, ByteBuffer buffer);

  /** Null: what was read is the whole truth; otherwise the condition that fails (S17). */
  static native String whyNotFresh(long handle, long maxAgeMs);

  static native long postPolicy(long handle, long[] values);

  static native long postTemplate(
      long handle, int profile, int revision, int digits, long[] ids, byte[][] pods, byte[][][] extras);

  static native long postRendered(long handle, int profile, long id, byte[] pod, byte[][] extras);

  static native long postTarget(long handle, int profile, int executors);

  static native long postKnown(long handle, long[] added, long[] removed);

  static native long postConfirmDelete(long handle, long[] ids);

  static native long postDelete(long handle, long[] ids);

  static native void postAck(long handle, long sequence);

  static native long postDrain(long handle);

  static native long postDetach(long handle);
}

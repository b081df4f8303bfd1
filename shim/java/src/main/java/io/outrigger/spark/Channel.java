package io.outrigger.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * One session with the agent. Posts are desired state: remembered by the library, sent when an agent is
 * there, and sent again to each new one, so they succeed without an agent and never wait. Posts: any thread.
 * {@link #drain} and {@link #whyNotFresh}: one thread. {@link #close}: any thread, once more is nothing; a
 * post after it is nothing.
 */
class Channel implements AutoCloseable {
  private static final int CHANGES_PER_BATCH = 1024;
  private static final int BUFFER_BYTES = Layout.HEADER_BYTES + CHANGES_PER_BATCH * Layout.CHANGE_BYTES
      + 64 * (Layout.RESULT_BYTES + Layout.PROFILE_STATUS_BYTES);

  // Read: a call is inside the library. Write: close(). Calls only try, so none waits behind a close.
  private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder());
  private long handle;

  /**
   * No agent is not a failure. Throws {@link ChannelException} when the arguments or the library do not fit.
   */
  static Channel open(Settings settings, String applicationId, String sparkVersion) {
    NativeLibrary.load(settings.nativeLibrary);
    return new Channel(Natives.open(settings.runDirectory, applicationId, "spark-" + sparkVersion, 0));
  }

  Channel(long handle) {
    this.handle = handle;
  }

  private interface Call {
    long on(long handle);
  }

  private long call(Call call) {
    if (!use.readLock().tryLock()) {
      return 0;
    }
    try {
      return handle == 0 ? 0 : call.on(handle);
    } finally {
      use.readLock().unlock();
    }
  }

  /** Waits for news at most so long and takes one batch; null after close(). */
  Batch drain(long timeoutMs) {
    long taken = call(session -> {
      Natives.drain(session, timeoutMs, buffer);
      return 1;
    });
    return taken == 0 ? null : Batch.read(buffer);
  }

  /** Null: what was drained is the whole truth and at most so old (S17). */
  String whyNotFresh(long maxAgeMs) {
    String[] why = {"closed"};
    call(session -> {
      why[0] = Natives.whyNotFresh(session, maxAgeMs);
      return 0;
    });
    return why[0];
  }

  void policy(long[] values) {
    call(session -> Natives.postPolicy(session, values));
  }

  /** The command's number, for the verdict that comes later. */
  long template(int profile, int revision, int digits, RenderedPod[] samples) {
    long[] ids = new long[samples.length];
    byte[][] pods = new byte[samples.length][];
    byte[][][] extras = new byte[samples.length][][];
    for (int i = 0; i < samples.length; i++) {
      ids[i] = samples[i].executorId;
      pods[i] = samples[i].pod;
      extras[i] = samples[i].extras;
    }
    return call(session -> Natives.postTemplate(session, profile, revision, digits, ids, pods, extras));
  }

  long rendered(int profile, RenderedPod pod) {
    return call(session -> Natives.postRendered(session, profile, pod.executorId, pod.pod, pod.extras));
  }

  void target(int profile, int executors) {
    call(session -> Natives.postTarget(session, profile, executors));
  }

  void known(long[] added, long[] removed) {
    call(session -> Natives.postKnown(session, added, removed));
  }

  void confirmDelete(long[] ids) {
    call(session -> Natives.postConfirmDelete(session, ids));
  }

  void acknowledge(long sequence) {
    call(session -> {
      Natives.postAck(session, sequence);
      return 0;
    });
  }

  void drainExecutors() {
    call(Natives::postDrain);
  }

  void detach() {
    call(Natives::postDetach);
  }

  String name(int kind, int number) {
    return Natives.name(kind, number);
  }

  /** Waits for calls that are inside, at most one drain's timeout. */
  @Override
  public void close() {
    use.writeLock().lock();
    try {
      if (handle != 0) {
        Natives.close(handle);
        handle = 0;
      }
    } finally {
      use.writeLock().unlock();
    }
  }
}

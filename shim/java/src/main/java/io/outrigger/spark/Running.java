package io.outrigger.spark;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A started shim and the ways in which it ends. Any thread; only the first end does anything. */
final class Running {
  private static final Logger LOG = LoggerFactory.getLogger(Running.class);
  private static final int DETACH_TRIES = 10;

  final Channel channel;
  final ShimThread thread;
  private final long stopTimeoutMs;
  private final AtomicBoolean over = new AtomicBoolean();
  private volatile Thread hook;

  Running(Channel channel, ShimThread thread, long stopTimeoutMs) {
    this.channel = channel;
    this.thread = thread;
    this.stopTimeoutMs = stopTimeoutMs;
  }

  /**
   * The agent deletes every executor, and goes on doing so when this process is gone; waits for it, bounded.
   */
  void drainAndClose() {
    if (over.getAndSet(true)) {
      return;
    }
    try {
      thread.leave();
      channel.drainExecutors();
      if (!thread.awaitDrained(stopTimeoutMs)) {
        LOG.info("outrigger: executors are left after {} ms; the agent goes on deleting them", stopTimeoutMs);
      }
      end();
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      channel.close();
    } catch (RuntimeException failure) {
      LOG.warn("outrigger: stopping", failure);
    }
  }

  /** The executors stay: the agent labels what ends. */
  void close() {
    if (over.getAndSet(true)) {
      return;
    }
    try {
      end();
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      channel.close();
    } catch (RuntimeException failure) {
      LOG.warn("outrigger: closing", failure);
    }
  }

  void closeWithTheApplication(SparkContext context) {
    if (context != null) {
      context.addSparkListener(new SparkListener() {
        @Override
        public void onApplicationEnd(SparkListenerApplicationEnd end) {
          close();
        }
      });
    }
    hook = new Thread(this::close, "outrigger-close");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void dropHook() {
    try {
      if (hook != null) {
        Runtime.getRuntime().removeShutdownHook(hook);
      }
    } catch (IllegalStateException itIsRunning) {
      LOG.debug("outrigger: closing with the JVM");
    }
  }

  private void end() throws InterruptedException {
    dropHook();
    thread.stop();
    channel.detach();
    for (int i = 0; i < DETACH_TRIES; i++) {
      Batch batch = channel.drain(20);
      if (batch == null || batch.session == Batch.SESSION_DETACHED) {
        break;
      }
    }
    channel.close();
  }
}

package io.outrigger.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real library without an agent. Needs -Doutrigger.build=BUILD_TREE. */
class NativesTest {
  @BeforeAll
  static void load() {
    String build = System.getProperty("outrigger.build", "");
    assertTrue(
        !build.isEmpty(), "-Doutrigger.build=DIR is missing: a build tree with lib/liboutrigger_jni.so");
    NativeLibrary.load(build + "/lib/liboutrigger_jni.so");
  }

  private static Channel open(Path directory) {
    SparkConf conf = new SparkConf(false).set(Settings.RUN_DIRECTORY, directory.toString());
    return Channel.open(new Settings(conf, name -> null), "app", "4.1.1");
  }

  @Test
  void the_library_lays_records_out_as_this_jar_reads_them() {
    assertNull(Layout.misfit(Natives.abiVersion(), Natives.layout()));
  }

  @Test
  void posts_succeed_without_an_agent_and_nothing_is_fresh(@TempDir Path directory) {
    try (Channel channel = open(directory)) {
      channel.policy(
          new AllocationPolicy(new SparkConf(false), new Settings(new SparkConf(false), n -> null), 30)
              .toNative());
      channel.target(0, 5);
      channel.known(new long[] {1}, new long[0]);
      RenderedPod[] samples = new RenderedPod[2];
      for (int i = 0; i < 2; i++) {
        samples[i] =
            new RenderedPod(i + 1, ("{\"n\":" + (i + 1) + "}").getBytes(), new byte[][] {"{}".getBytes()});
      }
      assertTrue(channel.template(0, 1, 1, samples) > 0);
      Batch batch = channel.drain(0);
      assertEquals(0, batch.changes.size());
      assertNotEquals(Batch.SESSION_ATTACHED, batch.session);
      assertTrue(!batch.text.isEmpty(), "why there is no agent");
      assertNotNull(channel.whyNotFresh(15_000));
    }
  }

  @Test
  void errors_come_as_exceptions_with_the_librarys_line(@TempDir Path directory) {
    try (Channel channel = open(directory)) {
      ChannelException refused =
          assertThrows(ChannelException.class, () -> channel.template(0, 1, 1, new RenderedPod[0]));
      assertTrue(refused.getMessage().startsWith("template: error_"), refused.getMessage());
    }
    assertThrows(ChannelException.class, () -> Natives.open("", "app", "spark", 0));
    long session = Natives.open(directory.toString(), "app", "spark", 0);
    assertThrows(ChannelException.class, () -> Natives.drain(session, 0, ByteBuffer.allocateDirect(16)));
    assertThrows(ChannelException.class, () -> Natives.drain(session, 0, ByteBuffer.allocate(1 << 20)));
    Natives.close(session);
  }

  @Test
  void S8_each_session_has_a_nonce_of_its_own(@TempDir Path directory) {
    long one = Natives.open(directory.toString(), "app", "spark", 0);
    long two = Natives.open(directory.toString(), "app", "spark", 0);
    assertNotEquals(Natives.nonce(one), Natives.nonce(two));
    assertTrue(Natives.nonce(one).matches("[a-z0-9]{8,32}"));
    Natives.close(one);
    Natives.close(two);
  }

  @Test
  void S27_what_comes_after_close_is_nothing(@TempDir Path directory) {
    Channel channel = open(directory);
    channel.close();
    channel.close();
    channel.target(0, 1);
    assertNull(channel.drain(0));
    assertEquals("closed", channel.whyNotFresh(1));
  }

  @Test
  void names_are_the_librarys() {
    assertEquals("oom_container", Natives.name(Natives.EXIT_CLASS, Change.EXIT_OOM_CONTAINER));
    assertEquals("jvm_oom", Natives.name(Natives.EXIT_CLASS, Change.EXIT_JVM_OOM));
    assertEquals("unknown", Natives.name(99, 0));
  }
}

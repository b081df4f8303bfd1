package io.outrigger.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A server with a simulated kubelet and an agent, as processes; both end with this JVM. */
final class Rig implements AutoCloseable {
  static final String NAMESPACE = "spark";

  final Path directory;
  final Path runDirectory;
  private final String build = System.getProperty("outrigger.build", "");
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Process> processes = new ArrayList<>();
  private final String url;
  private Process agent;

  Rig(String name, String... agentFlags) throws Exception {
    if (build.isEmpty()) {
      throw new IllegalStateException("-Doutrigger.build=DIR is missing: a build tree with "
                                      + "bin/outrigger-agent and lib/liboutrigger_jni.so");
    }
    directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), name);
    runDirectory = directory.resolve("run");
    Files.createDirectory(
        runDirectory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path ready = directory.resolve("ready");
    start("apiserver", build + "/bin/outrigger-apiserver", "--plain", "--no-auth", "--ready-file",
        ready.toString(), "--write-kubeconfig", kubeconfig(), "--exit-with-parent");
    await("the API server", 20, () -> Files.exists(ready) && Files.exists(Path.of(kubeconfig())));
    url = Files.readString(ready).trim();
    startAgent(agentFlags);
  }

  String url() {
    return url;
  }

  String library() {
    return build + "/lib/liboutrigger_jni.so";
  }

  private String kubeconfig() {
    return directory.resolve("kubeconfig").toString();
  }

  void startAgent(String... flags) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(build + "/bin/outrigger-agent");
    Collections.addAll(command, "--kubeconfig", kubeconfig(), "--namespace", NAMESPACE, "--run-dir",
        runDirectory.toString(), "--log-format", "text");
    Collections.addAll(command, flags);
    agent = start("agent", command.toArray(new String[0]));
    await("the agent's state", 20, () -> Files.exists(runDirectory.resolve("state")));
  }

  void killAgent() throws Exception {
    agent.destroyForcibly().waitFor();
  }

  private Process start(String name, String... command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true).redirectOutput(
        ProcessBuilder.Redirect.appendTo(new File(directory.toFile(), name + ".log")));
    builder.environment().keySet().removeIf(key -> key.startsWith("KUBE") || key.startsWith("SPARK_"));
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  /** What the server has seen. */
  JsonNode record() {
    return call("GET", "/_control/record");
  }

  JsonNode pods() {
    return call("GET", "/api/v1/namespaces/" + NAMESPACE + "/pods").get("items");
  }

  int podCount() {
    return pods().size();
  }

  void die(String pod, String cause) {
    call("POST", "/_control/pods/" + NAMESPACE + "/" + pod + "/die?cause=" + cause);
  }

  JsonNode call(String verb, String path) {
    try {
      HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                                .method(verb, HttpRequest.BodyPublishers.noBody())
                                .build();
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 300) {
        throw new IllegalStateException(verb + " " + path + ": " + answer.statusCode() + " " + answer.body());
      }
      return answer.body().isBlank() ? null : new ObjectMapper().readTree(answer.body());
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(verb + " " + path, failure);
    }
  }

  /** Tests wait for conditions, not for times; the bound is there so that a broken one ends. */
  static void await(String what, int boundS, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(boundS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("after " + boundS + " s there is still no " + what);
      }
      Thread.sleep(20);
    }
  }

  @Override
  public void close() throws Exception {
    Collections.reverse(processes); // the agent first: it would look for its server
    for (Process process : processes) {
      process.destroy();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    }
  }
}

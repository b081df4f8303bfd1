package io.outrigger.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;

/** The agent's template intake as a process (tests/spark/fidelity/stamper.cpp), in the place of an agent. */
final class Stamper implements TemplateBook.Agent, AutoCloseable {
  static final String NONCE = "stampernonce";
  static final String POD_UID = "99999999-aaaa-bbbb-cccc-dddddddddddd";

  /** What would be POSTed for an id, and by whom it was made: stamp, driver or none. */
  record Made(String by, String pod, String[] extras) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final BufferedWriter out;
  private final BufferedReader in;
  private final Queue<Object[]> verdicts = new ArrayDeque<>();
  private long commands;

  Stamper(String program) throws IOException {
    process = new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    out = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  void open(String namespace, String application, String driverName, String driverUid, boolean policy) {
    ObjectNode body = JSON.createObjectNode()
                          .put("namespace", namespace)
                          .put("application", application)
                          .put("driver_name", driverName)
                          .put("driver_uid", driverUid)
                          .put("policy", policy);
    ask("open", body);
  }

  @Override
  public long template(int profile, int revision, int digits, RenderedPod[] samples) {
    ObjectNode body =
        JSON.createObjectNode().put("profile", profile).put("revision", revision).put("digits", digits);
    ArrayNode all = body.putArray("samples");
    for (RenderedPod sample : samples) {
      all.add(node(sample));
    }
    return judged(ask("template", body));
  }

  @Override
  public long rendered(int profile, RenderedPod pod) {
    ObjectNode body = JSON.createObjectNode().put("profile", profile);
    body.set("sample", node(pod));
    return judged(ask("rendered", body));
  }

  @Override
  public int target(int profile) {
    return 1;
  }

  /** Hands the verdicts on, as the shim's thread does after a drain. */
  void deliver(TemplateBook book) {
    for (Object[] next = verdicts.poll(); next != null; next = verdicts.poll()) {
      book.result((Batch.Result) next[0], (String) next[1]);
    }
  }

  /** The last verdict that is not delivered yet. */
  Batch.Result pending() {
    return verdicts.isEmpty() ? null : (Batch.Result) verdicts.peek()[0];
  }

  Made stamp(int profile, long id) {
    JsonNode answer = ask("stamp", JSON.createObjectNode().put("profile", profile).put("id", id));
    String[] extras = new String[answer.get("extras").size()];
    for (int i = 0; i < extras.length; i++) {
      extras[i] = answer.get("extras").get(i).asText();
    }
    return new Made(answer.get("by").asText(), answer.get("pod").asText(), extras);
  }

  private static ObjectNode node(RenderedPod pod) {
    ObjectNode node = JSON.createObjectNode()
                          .put("id", pod.executorId)
                          .put("pod", new String(pod.pod, StandardCharsets.UTF_8));
    ArrayNode extras = node.putArray("extras");
    for (byte[] extra : pod.extras) {
      extras.add(new String(extra, StandardCharsets.UTF_8));
    }
    return node;
  }

  private long judged(JsonNode answer) {
    verdicts.add(new Object[] {
        new Batch.Result(++commands, answer.get("verdict").asInt(), answer.get("detail").asText()),
        answer.get("name").asText()});
    return commands;
  }

  private JsonNode ask(String what, ObjectNode body) {
    try {
      out.write(JSON.writeValueAsString(JSON.createObjectNode().set(what, body)));
      out.newLine();
      out.flush();
      String line = in.readLine();
      if (line == null) {
        throw new IOException("the stamper has ended");
      }
      return JSON.readTree(line);
    } catch (IOException failure) {
      throw new UncheckedIOException(what, failure);
    }
  }

  @Override
  public void close() throws IOException {
    out.close();
    try {
      process.waitFor();
    } catch (InterruptedException ended) {
      process.destroy();
    }
  }
}

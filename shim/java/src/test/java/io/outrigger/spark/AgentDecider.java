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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkConf;

/**
 * The agent's decide() as a process (tests/spark/differential/decider.cpp), with the policy that the shim
 * would send.
 */
final class AgentDecider implements Trace.Side {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Process process;
  private final BufferedWriter out;
  private final BufferedReader in;

  AgentDecider(String program, Map<String, String> settings) throws IOException {
    process = new ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    out = new BufferedWriter(new OutputStreamWriter(process.getOutputStream()));
    in = new BufferedReader(new InputStreamReader(process.getInputStream()));
    SparkConf conf = new SparkConf(false);
    settings.forEach(conf::set);
    long[] policy = new AllocationPolicy(conf, new Settings(conf, name -> null), 30).toNative();
    ask("policy",
        JSON.createObjectNode()
            .put("max_pending", policy[0])
            .put("per_profile", policy[1])
            .put("batch_size", policy[2])
            .put("maximum", policy[3])
            .put("creation_timeout_ms", policy[4])
            .put("idle_timeout_ms", policy[5])
            .put("batch_delay_ms", policy[6])
            .put("claims", StockAllocator.claimsOnDemand(settings) ? policy[10] : 0)
            .put("maximum_claims", policy[11]));
  }

  @Override
  public String name() {
    return "agent";
  }

  @Override
  public Trace.Decided step(
      long nowMs, Map<Integer, Integer> targets, Set<Long> known, List<Trace.Shown> shown) {
    ObjectNode body = JSON.createObjectNode().put("now_ms", nowMs);
    ObjectNode wanted = body.putObject("targets");
    targets.forEach((profile, executors) -> wanted.put(Integer.toString(profile), executors));
    ArrayNode ids = body.putArray("known");
    known.forEach(ids::add);
    ArrayNode pods = body.putArray("pods");
    for (Trace.Shown pod : shown) {
      pods.addObject().put("id", pod.id()).put("profile", pod.profile()).put("state", pod.state());
    }
    JsonNode answer = ask("step", body);
    List<long[]> creates = new ArrayList<>();
    answer.get("creates").forEach(each
        -> creates.add(each.size() == 2
                ? new long[] {each.get(0).asLong(), each.get(1).asLong()}
                : new long[] {each.get(0).asLong(), each.get(1).asLong(), each.get(2).asLong()}));
    List<Long> deletes = new ArrayList<>();
    answer.get("deletes").forEach(each -> {
      // Of pods that have ended: in stock the lifecycle manager does it, here the agent (S20).
      if (!each.get(1).asText().equals("final")) {
        deletes.add(each.get(0).asLong());
      }
    });
    return new Trace.Decided(creates, deletes);
  }

  private JsonNode ask(String what, ObjectNode body) {
    try {
      out.write(JSON.writeValueAsString(JSON.createObjectNode().set(what, body)));
      out.newLine();
      out.flush();
      String line = in.readLine();
      if (line == null) {
        throw new IOException("the decider has ended");
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

package io.outrigger.spark;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What one {@link Channel#drain} brought, copied out of the buffer. The layout is in shim/jni/drain.cpp. */
final class Batch {
  /** The agent's verdict on a command. */
  static final class Result {
    static final int ACCEPTED = 1;
    static final int TEMPLATE = 6;
    static final int POLICY = 7;
    static final int SUPERSEDED = 1000;

    final long command;
    final int verdict;
    final String detail;

    Result(long command, int verdict, String detail) {
      this.command = command;
      this.verdict = verdict;
      this.detail = detail;
    }
  }

  /** Ids of which lengths the agent wants a template for: bit d = d digits. */
  static final class WantedTemplates {
    final int profile;
    final int digits;

    WantedTemplates(int profile, int digits) {
      this.profile = profile;
      this.digits = digits;
    }
  }

  static final int SESSION_RESYNCING = 1;
  static final int SESSION_ATTACHED = 2;
  static final int SESSION_DETACHED = 5;
  static final int AGENT_DRAINED = 5;

  final List<Change> changes = new ArrayList<>();
  final List<Result> results = new ArrayList<>();
  final List<WantedTemplates> wanted = new ArrayList<>();
  int session;
  boolean more;
  int agentSession;
  String text = "";

  static Batch read(ByteBuffer from) {
    Batch batch = new Batch();
    int changes = from.getInt(0);
    int results = from.getInt(4);
    int profiles = from.getInt(8);
    batch.session = from.getInt(12);
    batch.more = from.getInt(20) != 0;
    batch.agentSession = from.getInt(40);
    batch.text = Change.text(from, Layout.HEADER_TEXT_AT, Layout.TEXT_BYTES);
    int at = Layout.HEADER_BYTES;
    for (int i = 0; i < changes; i++, at += Layout.CHANGE_BYTES) {
      batch.changes.add(Change.read(from, at));
    }
    for (int i = 0; i < results; i++, at += Layout.RESULT_BYTES) {
      batch.results.add(
          new Result(from.getLong(at + Layout.RESULT_COMMAND), from.getInt(at + Layout.RESULT_VERDICT),
              Change.text(from, at + Layout.RESULT_DETAIL, Layout.TEXT_BYTES)));
    }
    for (int i = 0; i < profiles; i++, at += Layout.PROFILE_STATUS_BYTES) {
      int wanted = from.getShort(at + Layout.PROFILE_WANTED) & 0xFFFF;
      if (wanted != 0) {
        batch.wanted.add(new WantedTemplates(from.getInt(at + Layout.PROFILE_NUMBER), wanted));
      }
    }
    return batch;
  }
}

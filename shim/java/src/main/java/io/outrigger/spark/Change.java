package io.outrigger.spark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The state of one executor after a change: level, not difference. Numbers as in outrigger/shim.h; an
 * immutable copy.
 */
final class Change {
  // States
  static final int CREATING = 1;
  static final int CREATE_FAILED = 2;
  static final int PENDING = 3;
  static final int RUNNING = 4;
  static final int TERMINATING = 5;
  static final int SUCCEEDED = 6;
  static final int FAILED = 7;
  static final int DELETED = 8;
  static final int UNKNOWN = 9;
  static final int WANTED = 10;

  // Phases
  static final int PHASE_PENDING = 1;

  // Exit classes that this side looks at; the others are names only
  static final int EXIT_OOM_CONTAINER = 3;
  static final int EXIT_JVM_OOM = 4;

  // Flags
  static final int DELETE_PROPOSED = 1;
  static final int GONE = 2;
  static final int CAUSED_BY_APP = 16;
  static final int INACTIVE = 256;

  long sequence;
  long executorId;
  int profile;
  int flags;
  int state;
  int phase;
  int exitClass;
  int createError;
  int exitCode;
  long createdAtMs;
  long finishedAtMs;
  long deletionAtMs;
  String uid = "";
  String ip = "";
  String name = "";
  String node = "";
  String message = "";
  String reason = "";

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  boolean isFinal() {
    return state == SUCCEEDED || state == FAILED || state == DELETED;
  }

  static Change read(ByteBuffer from, int at) {
    Change change = new Change();
    change.sequence = from.getLong(at + Layout.SEQUENCE);
    change.executorId = from.getLong(at + Layout.EXECUTOR_ID);
    change.profile = from.getInt(at + Layout.PROFILE);
    change.flags = from.getInt(at + Layout.FLAGS);
    change.state = from.get(at + Layout.STATE) & 0xFF;
    change.phase = from.get(at + Layout.PHASE) & 0xFF;
    change.exitClass = from.get(at + Layout.EXIT_CLASS) & 0xFF;
    change.createError = from.get(at + Layout.CREATE_ERROR) & 0xFF;
    change.exitCode = from.getInt(at + Layout.EXIT_CODE);
    change.createdAtMs = from.getLong(at + Layout.CREATED_AT);
    change.finishedAtMs = from.getLong(at + Layout.FINISHED_AT);
    change.deletionAtMs = from.getLong(at + Layout.DELETION_AT);
    change.uid = text(from, at + Layout.UID, Layout.UID_BYTES);
    change.ip = text(from, at + Layout.IP, Layout.IP_BYTES);
    change.name = text(from, at + Layout.NAME, Layout.TEXT_BYTES);
    change.node = text(from, at + Layout.NODE, Layout.TEXT_BYTES);
    change.message = text(from, at + Layout.MESSAGE, Layout.TEXT_BYTES);
    change.reason = text(from, at + Layout.REASON, Layout.REASON_BYTES);
    return change;
  }

  /** Up to the first zero byte. One bulk copy: byte by byte it is the dearest thing that a cold JVM does here. */
  static String text(ByteBuffer from, int at, int bytes) {
    if (from.get(at) == 0) {
      return "";
    }
    byte[] copy = new byte[bytes];
    from.position(at);
    from.get(copy);
    int length = 0;
    while (length < bytes && copy[length] != 0) {
      length++;
    }
    return new String(copy, 0, length, StandardCharsets.UTF_8);
  }
}

package io.outrigger.spark;

import java.util.Arrays;

/**
 * Where the fields of the C ABI's records are (outrigger/shim.h). Structs without struct_size never change
 * within a major version; the library's own offsets are compared all the same before a session is opened.
 */
final class Layout {
  static final int ABI_MAJOR = 1;

  static final int HEADER_BYTES = 320;
  static final int HEADER_TEXT_AT = 64;

  static final int CHANGE_BYTES = 1024;
  static final int SEQUENCE = 0;
  static final int EXECUTOR_ID = 8;
  static final int PROFILE = 16;
  static final int FLAGS = 20;
  static final int STATE = 24;
  static final int PHASE = 25;
  static final int EXIT_CLASS = 26;
  static final int CREATE_ERROR = 27;
  static final int EXIT_CODE = 28;
  static final int CREATED_AT = 48;
  static final int FINISHED_AT = 72;
  static final int DELETION_AT = 80;
  static final int UID = 88;
  static final int IP = 128;
  static final int NAME = 176;
  static final int NODE = 432;
  static final int MESSAGE = 688;
  static final int REASON = 944;

  static final int RESULT_BYTES = 272;
  static final int RESULT_COMMAND = 0;
  static final int RESULT_VERDICT = 8;
  static final int RESULT_DETAIL = 16;

  static final int PROFILE_STATUS_BYTES = 320;
  static final int PROFILE_WANTED = 30;
  static final int PROFILE_NUMBER = 0;

  static final int TEXT_BYTES = 256;
  static final int REASON_BYTES = 64;
  static final int UID_BYTES = 40;
  static final int IP_BYTES = 48;

  private static final int[] HERE = {CHANGE_BYTES, SEQUENCE, EXECUTOR_ID, PROFILE, FLAGS, STATE, PHASE,
      EXIT_CLASS, CREATE_ERROR, EXIT_CODE, CREATED_AT, FINISHED_AT, DELETION_AT, UID, IP, NAME, NODE, MESSAGE,
      REASON, RESULT_BYTES, RESULT_COMMAND, RESULT_VERDICT, RESULT_DETAIL, PROFILE_STATUS_BYTES,
      PROFILE_WANTED, PROFILE_NUMBER};

  private Layout() {}

  /** Null if the library fits this jar, otherwise one line. */
  static String misfit(int abiVersion, int[] library) {
    if (abiVersion >>> 16 != ABI_MAJOR) {
      return "its C ABI is version " + (abiVersion >>> 16) + "." + (abiVersion & 0xFFFF) + ", this jar needs "
          + ABI_MAJOR + ".x";
    }
    return Arrays.equals(library, HERE) ? null
                                        : "its records are laid out in another way than this jar reads them";
  }
}

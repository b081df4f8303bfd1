package io.outrigger.spark;

/** A call over the channel to the agent failed; the message is one line that says why. */
public final class ChannelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ChannelException(String message) {
    super(message);
  }
}

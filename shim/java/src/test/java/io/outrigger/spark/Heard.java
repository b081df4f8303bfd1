package io.outrigger.spark;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.apache.spark.SparkConf;

/** Hears what a class says at level WARN and above, from its making until close. */
final class Heard implements AutoCloseable {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Logger logger;
  private final AbstractAppender appender;

  Heard(Class<?> whom) {
    new SparkConf(false).initializeLogIfNecessary(false); // Spark reads its logging configuration once: not after us
    logger = (Logger) LogManager.getLogger(whom);
    appender = new AbstractAppender("heard-" + System.nanoTime(), null, null, false, Property.EMPTY_ARRAY) {
      @Override
      public void append(LogEvent event) {
        if (event.getLevel().isMoreSpecificThan(Level.WARN)) {
          lines.add(event.getMessage().getFormattedMessage());
        }
      }
    };
    appender.start();
    logger.addAppender(appender);
  }

  List<String> lines() {
    return lines;
  }

  /** The lines with this in them. */
  List<String> with(String part) {
    return lines.stream().filter(line -> line.contains(part)).collect(Collectors.toList());
  }

  @Override
  public void close() {
    logger.removeAppender(appender);
    appender.stop();
  }
}

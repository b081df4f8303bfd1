package io.outrigger.spark;

import java.util.List;
import scala.collection.JavaConverters;

/** An immutable Scala list: a Seq on both Scala lines. */
@SuppressWarnings("deprecation") // JavaConverters: the one converter that both Scala lines have
final class Seqs {
  private Seqs() {}

  static <T> scala.collection.immutable.List<T> of(List<T> items) {
    return JavaConverters.asScalaBuffer(items).toList();
  }
}

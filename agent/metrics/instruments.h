// Handles of instruments: cheap to copy, valid as long as their Catalog. An empty handle swallows what it is
// told, so that code under test needs no catalog. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace outrigger::metrics {

class Counter {
 public:
  Counter() = default;
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  void add(double amount = 1) const;
  // For totals that someone else counts (the kernel, the shared header): moves up to `total`, never down.
  void raise_to(double total) const;
  double value() const;

 private:
  prometheus::Counter* counter_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(prometheus::Gauge& gauge) : gauge_(&gauge) {}
  void set(double value) const;
  void add(double amount) const;
  double value() const;

 private:
  prometheus::Gauge* gauge_ = nullptr;
};

class Histogram {
 public:
  Histogram() = default;
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void observe(double value) const;

 private:
  prometheus::Histogram* histogram_ = nullptr;
};

// One instrument per label value; every value is known when the catalog is made. A value that is not goes to
// `other` (which each set has), so no input can make a series.
template <class Instrument>
class LabelSet {
 public:
  void emplace(std::string value, Instrument instrument) {
    values_.push_back({std::move(value), instrument});
  }
  const Instrument& at(std::string_view value) const {
    for (const auto& entry : values_)
      if (entry.value == value) return entry.instrument;
    return values_.empty() ? none_ : values_.back().instrument;  // the last one is `other`
  }
  bool knows(std::string_view value) const {
    for (const auto& entry : values_)
      if (entry.value == value) return true;
    return false;
  }
  std::size_t size() const { return values_.size(); }
  double sum() const {  // counters and gauges
    double all = 0;
    for (const auto& entry : values_) all += entry.instrument.value();
    return all;
  }

 private:
  struct Entry {
    std::string value;
    Instrument instrument;
  };
  std::vector<Entry> values_;
  Instrument none_;
};
using Counters = LabelSet<Counter>;
using Gauges = LabelSet<Gauge>;
using Histograms = LabelSet<Histogram>;

}  // namespace outrigger::metrics

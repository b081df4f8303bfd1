#include "agent/metrics/instruments.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace outrigger::metrics {

void Counter::add(double amount) const {
  if (counter_ != nullptr) counter_->Increment(amount);
}
void Counter::raise_to(double total) const {
  if (counter_ != nullptr && total > counter_->Value()) counter_->Increment(total - counter_->Value());
}
double Counter::value() const {
  return counter_ == nullptr ? 0 : counter_->Value();
}

void Gauge::set(double value) const {
  if (gauge_ != nullptr) gauge_->Set(value);
}
void Gauge::add(double amount) const {
  if (gauge_ != nullptr) gauge_->Increment(amount);
}
double Gauge::value() const {
  return gauge_ == nullptr ? 0 : gauge_->Value();
}

void Histogram::observe(double value) const {
  if (histogram_ != nullptr) histogram_->Observe(value);
}

}  // namespace outrigger::metrics

// Binds claims to volumes that exist in name only: a storage class with immediate binding.
#pragma once
#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

class VolumeProvisioner {
 public:
  VolumeProvisioner(Store& store, Clock& clock);

 private:
  void bind(const std::string& key, const std::string& uid);

  Store& store_;
  Clock& clock_;
};

}  // namespace outrigger::apiserver

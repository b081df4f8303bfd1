// Who asks, and may they: bearer tokens and rules as in a Role.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tests/apiserver/api/request.h"

namespace outrigger::apiserver {

struct Rule {
  std::vector<std::string> namespaces;  // "*" = all, and the cluster scope
  std::vector<std::string> resources;   // "pods", "pods/status", "*"
  std::vector<std::string> verbs;       // "*" = all
};

struct Account {
  std::string user;
  std::string token;
  std::vector<Rule> rules;
};

class Access {
 public:
  explicit Access(std::vector<Account> accounts, bool open) : accounts_(std::move(accounts)), open_(open) {}
  // Nothing when allowed; else the 401 or 403.
  std::optional<HttpResponse> refuse(const ApiRequest& request, std::string_view authorization) const;
  // Nothing when the token is known or absent; else the 401.
  std::optional<HttpResponse> refuse_token(std::string_view authorization) const;
  // Who this is; system:anonymous without a token or with one that is not known.
  std::string user(std::string_view authorization) const;
  // A token of a service account: that of the configured account with its user name, or of a new account that may do
  // anything in its namespace.
  std::string service_account_token(const std::string& name_space, const std::string& name);
  void replace(std::vector<Account> accounts) { accounts_ = std::move(accounts); }
  const std::vector<Account>& accounts() const { return accounts_; }

 private:
  const Account* find(std::string_view authorization) const;
  std::vector<Account> accounts_;
  bool open_;  // everyone may do everything
};

}  // namespace outrigger::apiserver

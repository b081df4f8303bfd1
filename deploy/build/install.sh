#!/usr/bin/env bash
# Installs the Debian 12 packages of the named groups, the only place where the project names them.
# Quiet and quick when nothing is missing.
set -euo pipefail

declare -A groups=(
  [product]="g++ cmake ninja-build ccache pkg-config python3 libboost1.81-dev libcurl4-openssl-dev libssl-dev
             libsimdjson-dev nlohmann-json3-dev libyaml-cpp-dev libspdlog-dev prometheus-cpp-dev libcli11-dev
             libexpected-dev"
  [runtime]="ca-certificates libyaml-cpp0.7 libsimdjson14 libcurl4 libssl3 libspdlog1.10 libprometheus-cpp-core1.0 libstdc++6"
  [tests]="libgtest-dev libgmock-dev librapidcheck-dev nghttp2-server openssl curl git"
  [bench]="libbenchmark-dev"
  [spark]="default-jdk-headless maven python3-venv python3-pip"
  [sanitizers]="clang-19 libclang-rt-19-dev lld-19"
  [model]="spin gcc"
  [tidy]="clang-tidy-19 clang-format-19 git"
)

usage() {
  cat <<TEXT
usage: deploy/build/install.sh [GROUP ...]     groups: product runtime tests bench spark sanitizers model tidy (default: product)

Installs what is missing, with apt-get, as root or through sudo. Does nothing when all is there.
TEXT
}

wanted=()
for group in "${@:-product}"; do
  case "$group" in
    -h | --help) usage; exit 0 ;;
    *)
      if [[ -z "${groups[$group]:-}" ]]; then
        echo "install.sh: no group '$group'; groups are: product runtime tests bench spark sanitizers model tidy" >&2
        exit 2
      fi
      read -r -d '' -a names <<<"${groups[$group]}" || true
      wanted+=("${names[@]}")
      ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "install.sh: this is not a Debian system; install by hand: ${wanted[*]}" >&2
  exit 1
fi
missing=()
declare -A looked_at=()
for package in "${wanted[@]}"; do
  [[ -n "${looked_at[$package]:-}" ]] && continue
  looked_at[$package]=1
  status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1 || true)
  [[ "$status" == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "install.sh: not root and no sudo; run as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" >/dev/null; }

echo "installing ${#missing[@]} Debian packages: ${missing[*]}" >&2
apt update || echo "install.sh: apt-get update failed; going on with the lists at hand" >&2
apt install -y --no-install-recommends "${missing[@]}" || {
  echo "install.sh: apt-get could not install: ${missing[*]}" >&2
  exit 1
}

#!/bin/sh
# The epoll engine on arm64, in qemu's user-mode emulation: constants of glibc's headers, the engine's self-test, its
# tests and those of TCP links; with `fleet` also a fleet on the embedded broker.
#
#   deno task test:arm64 [fleet]
#
# Needs Debian (or Ubuntu) on x86-64, its packages
#   gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
# and the npm registry, which has Deno for arm64. Ends with the name of a missing requirement.
#
# Emulation is about 20 times slower: the tests take three minutes of CPU time, the fleet two more. On a busy machine
# some waits exceed their limit. V8's optimizing compilers are off because they cost more time there than they save.
#
# The first argument is the Deno binary of this machine, which has the cache of npm packages.
set -eu
cd "$(dirname "$0")/../../.."
deno=$1 fleet=${2-}
export NO_COLOR=1
# The latest 2.9 release for arm64.
arm64_deno=@deno/linux-arm64-glibc@2.9.5
libraries=/usr/aarch64-linux-gnu

for tool in gcc aarch64-linux-gnu-gcc qemu-aarch64-static npm; do
  command -v "$tool" >/dev/null || { echo "Cannot test on arm64: $tool is not installed" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '\n== arm64: %s\n' "$*"; }

say "glibc's headers against fixtures/epoll/linux_abi.tsv"
sh tests/net/epoll/linux_abi.sh >"$work/linux_abi.tsv"
diff "$work/linux_abi.tsv" fixtures/epoll/linux_abi.tsv

say "$arm64_deno"
(cd "$work" && npm pack --silent "$arm64_deno" && tar -xzf ./*.tgz)

# A separate cache that shares the npm packages: compiled code of the other architecture is unusable.
"$deno" install --quiet --frozen
mkdir "$work/cache"
ln -s "$("$deno" eval 'const { npmCache } = JSON.parse(new TextDecoder().decode(
  new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout)); console.log(npmCache)')" \
  "$work/cache/npm"

arm64() { # SECONDS SUBCOMMAND ARGUMENTS...
  limit=$1 subcommand=$2
  shift 2
  DENO_DIR=$work/cache timeout --kill-after=5 "$limit" qemu-aarch64-static -L "$libraries" "$work/package/deno" \
    "$subcommand" --v8-flags=--no-opt --quiet --cached-only --no-check --no-prompt --ignore-env \
    --allow-net=127.0.0.1,localhost --allow-ffi --allow-read --allow-write "$@"
}

say "the engine's self-test"
# The tests skip an engine that does not work, so the self-test runs first and ends the script on failure.
cat >"$work/engine.ts" <<END
import { chooseEngine } from "file://$PWD/src/net/engine.ts";
console.log(Deno.build.arch, (await chooseEngine("epoll")).name);
END
arm64 200 run "$work/engine.ts" | tee "$work/engine"
grep -qx 'aarch64 epoll' "$work/engine"

say "the tests of the engine, and of TCP links"
arm64 900 test --filter '/^(?!deno:)/' tests/net/epoll tests/net/tcp/tcp_test.ts

[ "$fleet" = fleet ] || exit 0
say "a fleet of 50 and the embedded broker, each on the engine"
# The verdict may depend only on what arrived, because an emulated machine is late.
arm64 900 run cli.ts fleet --engine epoll --clients 50 --kill-mode reset=50,close=40,leave=10 --kill-rate 10% \
  --duration 5s --late-after 60s --drain 20s --keepalive 120s

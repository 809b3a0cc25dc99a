#!/bin/sh
# Prints constants of glibc's headers on x86-64 and arm64 in the format of fixtures/epoll/linux_abi.tsv: name, value on
# x86-64, value on arm64. A program that a C compiler for the architecture made prints each value; that for arm64 runs
# in qemu.
#
#   sh tests/net/epoll/linux_abi.sh > fixtures/epoll/linux_abi.tsv
#
# Needs, on Debian for x86-64: gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -Wall -Wextra -Werror -o "$work/x86_64" linux_abi.c
aarch64-linux-gnu-gcc -static -Wall -Wextra -Werror -o "$work/aarch64" linux_abi.c
"$work/x86_64" >"$work/x86_64.tsv"
qemu-aarch64-static "$work/aarch64" >"$work/aarch64.tsv"
printf 'name\tx86_64\taarch64\n'
paste "$work/x86_64.tsv" "$work/aarch64.tsv" | awk -F'\t' '$1 != $3 { exit 1 } { print $1 "\t" $2 "\t" $4 }'

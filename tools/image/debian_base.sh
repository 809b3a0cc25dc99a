#!/usr/bin/env bash
# Makes a base for the Containerfile of the files of this Debian machine, where no image registry can be reached:
#
#   tools/image/debian_base.sh localhost/mqtt-sim-base
#
# The image contains what gcr.io/distroless/cc-debian12:nonroot contains as far as the binary needs it: glibc, libgcc,
# the certificates of ca-certificates, the user nonroot (65532), /tmp and /home/nonroot. It has no shell and no other
# program, and sets no user, folder or command: the Containerfile does. Run as root. The variables of buildah
# (STORAGE_DRIVER, BUILDAH_ISOLATION …) and the flags in BUILDAH_FLAGS apply.
set -euo pipefail
name=${1:?"debian_base: the name of the image is missing"}
read -ra flags <<<"${BUILDAH_FLAGS:-}"

container=$(buildah "${flags[@]}" from scratch)
trap 'buildah "${flags[@]}" rm "$container" >/dev/null' EXIT
root=$(buildah "${flags[@]}" mount "$container")

# The shared libraries of glibc and libgcc, at the paths that the packages give them; character sets are left out.
{
  dpkg --listfiles libc6
  dpkg --listfiles libgcc-s1
} | grep -E '^(/usr)?/lib(64|/[a-z0-9_]+-linux-gnu[a-z0-9]*)?/[^/]+\.so[0-9.]*$' | while read -r file; do
  install -D -m 0755 "$(readlink -f "$file")" "$root$file"
done
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
install -D -m 0644 /dev/stdin "$root/etc/passwd" <<'END'
root:x:0:0:root:/root:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
END
install -D -m 0644 /dev/stdin "$root/etc/group" <<'END'
root:x:0:
nonroot:x:65532:
END
echo 'hosts: files dns' | install -D -m 0644 /dev/stdin "$root/etc/nsswitch.conf"
install -d -m 1777 "$root/tmp"
install -d -m 0700 -o 65532 -g 65532 "$root/home/nonroot"

buildah "${flags[@]}" umount "$container" >/dev/null
buildah "${flags[@]}" commit --quiet "$container" "$name"

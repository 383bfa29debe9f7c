#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Print from where this machine gets Debian's packages, by apt's sources.
#
#   debian-archive.sh [-security]
#
# The same archive serves every suite of Debian.  Prints nothing and fails if apt
# has no such source, or has not read its index yet.
set -u

suffix=${1-}
case $suffix in
'' | -security) ;;
*)
	echo "usage: ${0##*/} [-security]" >&2
	exit 2
	;;
esac
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
apt-get indextargets --format '$(REPO_URI)' "Release: $codename$suffix" 'Origin: Debian' 'Created-By: Packages' 2>/dev/null |
	head -n 1 | sed 's,/$,,' | grep .

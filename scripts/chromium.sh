#!/bin/sh
# Debian's chromium for the browser tests: installed when it is missing and we may. Otherwise the tests say why they
# were skipped (and fail where CI is set).
command -v chromium >/dev/null 2>&1 && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || exit 0
echo "· installing Debian's chromium for the browser tests"
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 || true

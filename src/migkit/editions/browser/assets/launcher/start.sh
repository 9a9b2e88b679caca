#!/bin/sh
# Opens the kit on macOS and Linux with what the computer has: Python, else Perl, else Ruby.
# "Start on macOS.command" and start_on_linux.sh call it. A server ends with 0 (closed) or 2 (the user was told why);
# anything else means that it cannot run here, and the next one is tried.

launcher=$(cd -- "$(dirname -- "$0")" && pwd) || exit 1

say() { # NAME: the sentence in the language of the edition
    sed -n "s/^say $1 //p" "$launcher/settings.txt"
}

try() { # PROGRAM SERVER [ARGUMENTS]
    program=$1 server=$launcher/$2
    shift 2
    "$program" "$server" "$@"
    code=$?
    # 130 and more: ended by a signal, such as Ctrl+C.
    if [ "$code" -eq 0 ] || [ "$code" -eq 2 ] || [ "$code" -ge 129 ]; then exit "$code"; fi
}

python_works() {
    path=$(command -v python3) || return 1
    # On a Mac without Apple's developer tools, python3 is a stub that asks to install them.
    if [ "$(uname -s)" = Darwin ] && [ "$path" = /usr/bin/python3 ]; then
        xcode-select -p >/dev/null 2>&1 || return 1
    fi
    python3 -c 'import sys, http.server; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1
}

works() { # PROGRAM CODE
    command -v "$1" >/dev/null && "$1" -e "$2" >/dev/null 2>&1
}

if [ ! -f "$launcher/../index.html" ]; then
    printf '\n  %s\n\n' "$(say incomplete)"
    exit 2
fi
if python_works; then try python3 serve.py "$@"; fi
if works perl 'use IO::Socket::INET; use POSIX; use Cwd'; then try perl serve.pl "$@"; fi
if works ruby 'require "socket"'; then try ruby serve.rb "$@"; fi
printf '\n  %s\n\n' "$(say nothing_unix)"
exit 2

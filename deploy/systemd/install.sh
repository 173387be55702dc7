#!/bin/sh
# Installs the user units for the person who runs it: install.sh [ORGAN…]. Settings are looked for in ~/.config/nimmerverse
# (environment, system.yaml, keys/NAME.nk); what is missing is named, and nothing is started before all is there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
settings=${XDG_CONFIG_HOME:-$HOME/.config}/nimmerverse
units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
missing=0
need() { [ -e "$1" ] || { printf 'missing: %s (%s)\n' "$1" "$2" >&2; missing=1; }; }

need /usr/local/bin/cognition-bridge "install -m 755 .build/release/cognition-bridge /usr/local/bin/"
[ $# -eq 0 ] || need /usr/local/bin/organ "install -m 755 .build/release/organ /usr/local/bin/"
need "$settings/environment" "see $here/environment.example"
need "$settings/system.yaml" "the system file"
for name in cognition-bridge "$@"; do
    key=$settings/keys/$name.nk
    need "$key" "nimmer auth generate"
    [ ! -e "$key" ] || [ "$(stat -c %a "$key")" = 600 ] || { printf 'readable by others: %s (chmod 600)\n' "$key" >&2; missing=1; }
done
[ "$missing" = 0 ] || exit 66

mkdir -p "$units"
cp "$here"/nimmerverse-*.service "$units/"
systemctl --user daemon-reload
# Without lingering, services end when the person logs out.
loginctl enable-linger "$(id -un)" || echo "ask an administrator: loginctl enable-linger $(id -un)" >&2
systemctl --user enable --now nimmerverse-bridge.service
for organ in "$@"; do systemctl --user enable --now "nimmerverse-organ@$organ.service"; done
systemctl --user --no-pager status 'nimmerverse-*' || true

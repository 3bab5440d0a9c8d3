#!/bin/sh
# Installe ce que les essais demandent au système, s'il ne l'a pas : Chromium, des polices, xmlsec1 (SAML).
# « epreuves » y ajoute SimpleSAMLphp, le fournisseur d'identité des essais longs.
set -eu

manque=""
command -v xmlsec1 >/dev/null 2>&1 || manque="xmlsec1"
if [ "${1:-}" = epreuves ] && ! { command -v php && [ -d /usr/share/simplesamlphp ]; } >/dev/null 2>&1; then
    manque="$manque simplesamlphp php-cli php-xml php-mbstring"
fi
trouve=""
for nom in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$nom" >/dev/null 2>&1; then
        trouve=$nom
    fi
done
if [ -z "$manque" ] && [ -n "$trouve" ]; then
    exit 0
fi

expliquer() {
    cat >&2 <<FIN
Il manque des paquets, et ils ne peuvent pas être installés d'ici : $1.
Que faire :
  - les installer (sous Debian : apt-get install chromium fonts-dejavu-core fonts-noto-core xmlsec1),
    puis relancer « make test » ;
  - ou ne lancer que les essais sans navigateur : .venv/bin/pytest -m "not navigateur".
FIN
    exit 1
}

command -v apt-get >/dev/null 2>&1 || expliquer "ce système n'a pas apt-get"
if [ "$(id -u)" -eq 0 ]; then
    en_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    en_root="sudo -n"
else
    expliquer "il faut être root, ou pouvoir appeler sudo sans mot de passe"
fi

apt() {
    # DPkg::Lock::Timeout : une autre installation peut tenir le verrou un moment.
    $en_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@"
}

echo "Installation des paquets des essais…"
apt update || expliquer "la liste des paquets n'a pas pu être lue (réseau ?)"
if [ -z "$trouve" ]; then
    # Sans écran, s'il existe : le même moteur, sans l'interface ni ses bibliothèques.
    chromium=chromium-headless-shell
    apt-cache show "$chromium" >/dev/null 2>&1 || chromium=chromium
    manque="$manque $chromium fonts-dejavu-core fonts-noto-core"
fi
# shellcheck disable=SC2086 - une liste de paquets
apt install --no-install-recommends $manque || expliquer "apt-get a échoué (voir plus haut)"

#!/bin/sh
# Installe Chromium et des polices pour les essais dans un vrai navigateur, s'il n'y en a pas déjà.
set -eu

for nom in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$nom" >/dev/null 2>&1; then
        exit 0
    fi
done

expliquer() {
    cat >&2 <<FIN
Chromium est introuvable, et il ne peut pas être installé d'ici : $1.
Que faire :
  - installer Chromium (sous Debian : apt-get install chromium fonts-dejavu-core fonts-noto-core),
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

echo "Installation de Chromium et des polices…"
apt update || expliquer "la liste des paquets n'a pas pu être lue (réseau ?)"
# Sans écran, s'il existe : le même moteur, sans l'interface ni ses bibliothèques.
chromium=chromium-headless-shell
apt-cache show "$chromium" >/dev/null 2>&1 || chromium=chromium
apt install --no-install-recommends "$chromium" fonts-dejavu-core fonts-noto-core ||
    expliquer "apt-get a échoué (voir plus haut)"

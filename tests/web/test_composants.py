"""Les composants d'interface : poids, contrastes, CSP, documentation et rendu de la galerie."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date, time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Blueprint, Flask, get_template_attribute, render_template
from flask_wtf import CSRFProtect

RACINE = Path(__file__).parents[2]
STATIQUE = RACINE / "ent_core/web/static/ent"
GABARITS = RACINE / "ent_core/web/templates"
MACROS = sorted((GABARITS / "ui").glob("*.html"))
GUIDE = RACINE / "docs/guides/composants.md"

KIO = 1024
FONDS = ("fond", "surface", "creux", "accent-fond", "faire-fond", "refus-fond")


def _jetons(bloc: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", bloc))


def _themes() -> dict[str, dict[str, str]]:
    feuille = (STATIQUE / "jetons.css").read_text()

    def bloc(debut: str) -> dict[str, str]:
        depart = feuille.index(debut)
        return _jetons(feuille[depart : feuille.index("}", depart)])

    clair = bloc(":root {")
    sombre = bloc("[data-theme=sombre]")
    return {
        "clair": clair,
        "sombre": clair | sombre,
        "auto": clair | bloc("dark) {\n  [data-theme=auto]"),
        "contraste": clair | bloc("[data-theme=contraste]"),
    }


def _contraste(une: str, autre: str) -> float:
    def luminance(couleur: str) -> float:
        chiffres = couleur.lstrip("#")
        if len(chiffres) == 3:
            chiffres = "".join(c * 2 for c in chiffres)
        canaux = [int(chiffres[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        rouge, vert, bleu = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in canaux)
        return 0.2126 * rouge + 0.7152 * vert + 0.0722 * bleu

    haute, basse = sorted((luminance(une), luminance(autre)), reverse=True)
    return (haute + 0.05) / (basse + 0.05)


def _signatures(fichier: Path) -> list[tuple[str, str]]:
    trouvees = re.findall(r"\{%-? macro ([a-z]\w*)\((.*?)\) -?%\}", fichier.read_text())
    return [(nom, parametres.replace("=none", "=None")) for nom, parametres in trouvees]


def test_les_feuilles_pesent_au_plus_vingt_quatre_kio() -> None:
    assert sum(len(f.read_bytes()) for f in STATIQUE.glob("*.css")) <= 24 * KIO


def test_le_script_pese_au_plus_trois_kio() -> None:
    assert len((STATIQUE / "ent.js").read_bytes()) <= 3 * KIO


def test_htmx_est_celui_que_vendor_nomme() -> None:
    empreinte = hashlib.sha256((STATIQUE / "htmx.min.js").read_bytes()).hexdigest()
    assert empreinte in (STATIQUE / "VENDOR.md").read_text()


@pytest.mark.parametrize("theme", ["clair", "sombre", "auto", "contraste"])
def test_les_couleurs_se_lisent(theme: str) -> None:
    """Texte : 4,5 pour 1 ; bords des commandes : 3 pour 1 (RGAA 3.2 et 3.3)."""
    jetons = _themes()[theme]
    textes = [(texte, fond) for texte in ("texte", "doux", "accent") for fond in FONDS]
    textes += [(ton, fond) for ton in ("faire", "refus") for fond in ("fond", "surface", f"{ton}-fond")]
    textes += [("sur-accent", fond) for fond in ("accent", "accent-vif", "faire", "refus")]
    bords = [("bord", fond) for fond in ("fond", "surface", "creux")]
    faibles = [
        (avant, fond)
        for couples, seuil in ((textes, 4.5), (bords, 3.0))
        for avant, fond in couples
        if _contraste(jetons[avant], jetons[fond]) < seuil
    ]
    assert faibles == []


def test_le_sombre_choisi_et_le_sombre_de_l_appareil_sont_le_meme() -> None:
    themes = _themes()
    assert themes["auto"] == themes["sombre"]


def test_aucune_couleur_hors_des_jetons() -> None:
    assert re.findall(r"#[0-9a-f]{3,6}\b|rgb\(|hsl\(", (STATIQUE / "ent.css").read_text()) == []


def test_rien_dans_les_gabarits_ne_demande_une_csp_plus_large() -> None:
    interdits = re.compile(r"\sstyle=|<style|<script(?![^>]* src=)|\son[a-z]+=|hx-on|js:|https?://")
    jinja = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\s\}\}", re.DOTALL)
    fautifs = {
        f"{fichier.relative_to(GABARITS)} : {trouve.strip()}"
        for fichier in GABARITS.rglob("*.html")
        for trouve in interdits.findall(jinja.sub("", fichier.read_text()))
    }
    assert fautifs == set()


@pytest.mark.parametrize("fichier", MACROS, ids=lambda f: f.stem)
def test_chaque_macro_est_documentee_en_tete_et_dans_le_guide(fichier: Path) -> None:
    tete = fichier.read_text().split("-#}")[0]
    guide = GUIDE.read_text()
    for nom, parametres in _signatures(fichier):
        assert f"{nom}({parametres})" in tete
        assert f"{nom}({parametres})" in guide


def test_la_galerie_montre_chaque_macro() -> None:
    galerie = (GABARITS / "ui.html").read_text()
    corps = galerie.split("{% block titre %}")[1]
    noms = {nom for fichier in MACROS for nom, _ in _signatures(fichier)}
    # Employées par d'autres macros de la galerie, et jamais seules.
    internes = {"icone_ton", "jeton", "seance"}
    assert {nom for nom in noms - internes if f"{nom}(" not in corps} == set()


def test_la_galerie_montre_chaque_icone_de_la_planche() -> None:
    planche = re.findall(r'<symbol id="i-([a-z]+)"', (STATIQUE / "icones.svg").read_text())
    montrees = re.search(r"set icones = \[(.*?)\]", (GABARITS / "ui.html").read_text())
    assert montrees is not None
    assert sorted(re.findall(r'"([a-z]+)"', montrees[1])) == sorted(planche)


class _Page(HTMLParser):
    """Relève ce que les essais regardent : identifiants, titres, champs et renvois."""

    def __init__(self, texte: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.titres: list[int] = []
        self.renvois: set[str] = set()
        self.boutons_sans_type = 0
        self.feed(texte)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributs = {nom: valeur or "" for nom, valeur in attrs}
        if "id" in attributs:
            self.ids[attributs["id"]] += 1
        if re.fullmatch("h[1-6]", tag):
            self.titres.append(int(tag[1]))
        for nom in ("for", "aria-describedby", "aria-labelledby"):
            self.renvois.update(attributs.get(nom, "").split())
        self.boutons_sans_type += tag == "button" and "type" not in attributs


@pytest.fixture
def galerie() -> Flask:
    """Une application réduite aux gabarits du noyau, sans base."""
    application = Flask("galerie", template_folder=str(GABARITS), static_folder=str(STATIQUE.parent))
    application.config["SECRET_KEY"] = "essais"  # noqa: S105 - application sans donnée
    CSRFProtect(application)
    environnement = application.jinja_env
    environnement.trim_blocks = environnement.lstrip_blocks = True
    environnement.filters.update(
        jour_long=lambda jour: f"le {jour}", heure=lambda h: f"{h.hour} h {h.minute:02d}"
    )
    environnement.globals.update(produit="ENT", url_statique=lambda nom: f"/static/{nom}")
    portail = Blueprint("ent", __name__)
    points = (
        "accueil connexion deconnexion contexte mon_compte theme accessibilite donnees_personnelles aide etat"
    )
    for point in points.split():
        portail.add_url_rule(f"/{point}", point, lambda: "", methods=["GET", "POST"])
    application.register_blueprint(portail)
    return application


def test_la_page_de_la_galerie_est_bien_formee(galerie: Flask) -> None:
    with galerie.test_request_context():
        page = _Page(
            render_template("ui.html", contexte=None, menu=[], theme="auto", aujourd_hui=date(2026, 11, 23))
        )
    assert [cle for cle, fois in page.ids.items() if fois > 1] == []
    assert page.renvois - set(page.ids) == set()
    assert page.titres.count(1) == 1
    assert all(suivant - titre <= 1 for titre, suivant in zip(page.titres, page.titres[1:], strict=False))
    assert page.boutons_sans_type == 0


def test_une_valeur_saisie_reste_du_texte(galerie: Flask) -> None:
    with galerie.test_request_context():
        champ = get_template_attribute("ui/champ.html", "champ")
        rendu = champ("nom", "Nom", valeur='"><script>x</script>', erreur="<b>non</b>")
    assert "<script>" not in rendu
    assert "<b>" not in rendu


def test_un_champ_en_erreur_dit_son_erreur_au_lecteur_d_ecran(galerie: Flask) -> None:
    with galerie.test_request_context():
        champ = get_template_attribute("ui/champ.html", "champ")
        rendu = champ("tel", "Téléphone", aide="Dix chiffres.", erreur="Il manque un chiffre.")
    assert 'aria-describedby="tel-aide tel-erreur"' in rendu
    assert 'aria-invalid="true"' in rendu


def test_une_seance_s_ecrit_avec_des_heures_ou_du_texte(galerie: Flask) -> None:
    with galerie.test_request_context():
        seance = get_template_attribute("ui/liste_jours.html", "seance")
        datee = seance(
            {"debut": time(8, 5), "titre": "EPS", "annule": True, "etat": "Annulé", "ton": "refus"}
        )
        ecrite = seance({"debut": "M1", "titre": "Anglais"})
    assert '<time datetime="08:05">8 h 05</time>' in datee
    assert "<s>" in datee
    assert "M1" in ecrite


@pytest.mark.parametrize(
    ("nombre", "en_barre", "dans_plus"),
    [(1, 1, 0), (5, 5, 0), (6, 6, 2), (9, 6, 5)],
)
def test_le_menu_tient_en_cinq_onglets(galerie: Flask, nombre: int, en_barre: int, dans_plus: int) -> None:
    """Au plus cinq onglets au téléphone : quatre et « Plus », où le reste se trouve en entier."""
    menu = [{"libelle": f"Entrée {i}", "url": f"/{i}", "icone": "carre"} for i in range(nombre)]
    with galerie.test_request_context():
        page = render_template(
            "accueil.html",
            contexte=None,
            menu=menu,
            vignettes=[],
            aujourd_hui=date(2026, 11, 23),
            theme="clair",
        )
    navigation = page[page.index('<nav class="nav"') : page.index("</nav>")]
    assert navigation.count('<a class="onglet"') == en_barre
    assert navigation.count("<li") - en_barre == dans_plus

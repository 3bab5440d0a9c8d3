"""De quoi écrire de petites livraisons AAF, les importer et lire l'annuaire qui en sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import text

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.importation import importer
from ent_core.identite.aaf.livraison import Livraison, ouvrir_livraison
from ent_core.identite.aaf.rapport import RapportImport
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Imports

CORPUS = Path(__file__).parents[3] / "shared" / "formats" / "aaf"
LUNDI, MARDI, MERCREDI = date(2026, 9, 7), date(2026, 9, 8), date(2026, 9, 9)
SOURCE = "AAF:099/ENT2DVA-ENT99"
COLLEGE, LYCEE = "0990101X", "0990102Y"

_GENRES = {
    "EtabEducNat": "categorieStructure",
    "MatEducNat": "categorieMatiere",
    "MefEducNat": "categorieMef",
}
_FICHIERS = {"MatEducNat": "MatiereEducNat"}
_NOMS_DES_GESTES = {"+": "addRequest", "~": "modifyRequest", "-": "deleteRequest"}

# Chaque personne y paraît sous sa clé de l'annuaire.
_PHOTO = {
    "etablissement": "select uai, source, cle_source, nom, ferme_le from etablissement order by uai",
    "division": "select uai, annee, code, libelle, mefs, ferme_le from division order by uai, annee, code",
    "groupe": "select uai, annee, code, libelle, ferme_le from groupe order by uai, annee, code",
    "personne": """
        select k.valeur, p.nom, p.prenom, p.naissance, p.courriel, p.adresse, p.sursis_depuis,
          p.suppression_le
        from personne p join cle k on k.personne_id = p.id order by k.valeur""",
    "identifiant": "select source, type, valeur from identifiant order by source, type, valeur",
    "rattachement": """
        select r.uai, k.valeur, r.profil, r.fonction, r.debut, r.fin
        from rattachement r join cle k using (personne_id)
        order by r.uai, k.valeur, r.profil, r.fonction, r.debut""",
    "scolarite": """
        select s.uai, s.annee, k.valeur, s.mef, s.regime from scolarite s join cle k using (personne_id)
        order by s.uai, s.annee, k.valeur""",
    "inscription": """
        select i.uai, k.valeur, d.code, g.code, i.debut, i.fin
        from inscription i join cle k using (personne_id)
        left join division d on d.id = i.division_id left join groupe g on g.id = i.groupe_id
        order by i.uai, k.valeur, d.code, g.code, i.debut""",
    "responsabilite": """
        select e.valeur, k.valeur, r.lien, r.legal, r.financier, r.contact, r.paiement, r.debut, r.fin
        from responsabilite r
        join cle e on e.personne_id = r.eleve_id join cle k on k.personne_id = r.responsable_id
        order by e.valeur, k.valeur, r.debut""",
    "service": """
        select s.uai, k.valeur, s.matiere, d.code, g.code, s.debut, s.fin
        from service s join cle k using (personne_id)
        left join division d on d.id = s.division_id left join groupe g on g.id = s.groupe_id
        order by s.uai, k.valeur, s.matiere, d.code, g.code, s.debut""",
    "principal": """
        select p.uai, k.valeur, d.code, p.debut, p.fin
        from professeur_principal p join cle k using (personne_id)
        join division d on d.id = p.division_id order by p.uai, k.valeur, d.code, p.debut""",
}
_CLE = "with cle as (select personne_id, valeur from identifiant where type = 'ENTPersonJointure') "


def corpus(dossier: str) -> Path:
    """Un dossier d'exemples ; l'essai est passé s'il n'est pas là."""
    chemin = CORPUS / dossier
    if not chemin.exists():
        pytest.skip(f"exemples absents : {chemin.name}")
    return chemin


def horloge_du(jour: date) -> HorlogeFixe:
    return HorlogeFixe(datetime.combine(jour, time(8), tzinfo=UTC))


@dataclass
class Ecriture:
    """Une livraison à écrire : des fiches par catégorie."""

    jour: date = LUNDI
    nature: str = "Complet"
    projet: str = "ENT2DVA-ENT99"
    degre: str = "2D"
    fiches: dict[str, list[str]] = field(default_factory=dict)

    def fiche(
        self, categorie: str, cle: str, geste: str = "+", /, **attributs: str | Sequence[str]
    ) -> Ecriture:
        """Ajoute une fiche : « + » ajout, « ~ » modification, « - » suppression."""
        genre = _GENRES.get(categorie, "categoriePersonne")
        balise = _NOMS_DES_GESTES[geste]
        lignes = [
            f"<{balise}>",
            f'<operationalAttributes><attr name="{genre}"><value>{categorie}</value></attr>'
            "</operationalAttributes>",
            f"<identifier><id>{escape(cle)}</id></identifier>",
        ]
        if geste == "+":
            contenu = (_attribut("attr", nom, valeurs) for nom, valeurs in attributs.items())
            lignes += ["<attributes>", *contenu, "</attributes>"]
        elif geste == "~":
            modifications = (
                _attribut("modification", n, v, ' operation="replace"') for n, v in attributs.items()
            )
            lignes += ["<modifications>", *modifications, "</modifications>"]
        self.fiches.setdefault(categorie, []).append("\n".join([*lignes, f"</{balise}>"]))
        return self

    def etablissement(self, cle: str = "9101", uai: str = COLLEGE, **plus: str | Sequence[str]) -> Ecriture:
        attributs: dict[str, str | Sequence[str]] = {
            "ENTStructureUAI": uai,
            "ENTStructureNomCourant": f"CLG$ESSAI {uai}$VILLE",
            "ENTStructureCodeTypeStruct": "340",
            "ENTStructureClasses": ["6A$6EME A$10010012110", "6B$6EME B"],
            "ENTStructureGroupes": "6A_ANG$ANGLAIS$6A",
            **plus,
        }
        return self.fiche("EtabEducNat", cle, "+", **attributs)

    def eleve(self, cle: str, **plus: str | Sequence[str]) -> Ecriture:
        attributs: dict[str, str | Sequence[str]] = {
            "sn": f"NOM{cle}",
            "givenName": "Prénom",
            "ENTPersonStructRattach": "9101",
            "ENTEleveClasses": "9101$6A",
            **plus,
        }
        return self.fiche("Eleve", cle, "+", **attributs)

    def responsable(self, cle: str, **plus: str | Sequence[str]) -> Ecriture:
        attributs: dict[str, str | Sequence[str]] = {"sn": f"NOM{cle}", "givenName": "Parent", **plus}
        return self.fiche("PersRelEleve", cle, "+", **attributs)

    def agent(self, cle: str, **plus: str | Sequence[str]) -> Ecriture:
        attributs: dict[str, str | Sequence[str]] = {
            "sn": f"NOM{cle}",
            "givenName": "Agent",
            "ENTPersonFonctions": "9101$ENS$ENSEIGNEMENT$L0202$LETTRES",
            "ENTPersonCategorieEnseignant": "O",
            **plus,
        }
        return self.fiche("PersEducNat", cle, "+", **attributs)

    def ecrire(self, dossier: Path, *categories_vides: str) -> Path:
        """Écrit un fichier par catégorie dans un dossier neuf."""
        dossier.mkdir(parents=True)
        for categorie in (*self.fiches, *categories_vides):
            genre = _FICHIERS.get(categorie, categorie)
            nom = f"{self.projet}_{self.nature}_{self.jour:%Y%m%d}_{genre}_0000.xml"
            corps = "\n".join(self.fiches.get(categorie, ()))
            (dossier / nom).write_text(
                f'<?xml version="1.0" encoding="UTF-8"?>\n<ficAlimMENESR>\n<!-- codeAcademieExport="99" -->\n'
                f'<!-- degre="{self.degre}" -->\n{corps}\n</ficAlimMENESR>\n',
                encoding="utf-8",
            )
        return dossier


def _attribut(balise: str, nom: str, valeurs: str | Sequence[str], plus: str = "") -> str:
    liste = [valeurs] if isinstance(valeurs, str) else list(valeurs)
    textes = "".join(f"<value>{escape(valeur)}</value>" if valeur else "<value/>" for valeur in liste or [""])
    return f'<{balise} name="{nom}"{plus}>{textes}</{balise}>'


@dataclass
class Annuaire:
    """Une base et de quoi y importer."""

    base: BaseDeDonnees
    dossier: Path
    reglages: Imports = field(default_factory=Imports)
    _rang: int = 0

    def importer(
        self, livraison: Ecriture | Path, *vides: str, jour: date | None = None, **options: Any
    ) -> RapportImport:
        """Importe, le jour de la livraison par défaut."""
        chemin = livraison if isinstance(livraison, Path) else self.ecrire(livraison, *vides)
        with ouvrir_livraison(chemin) as ouverte:
            return self.importer_ouverte(ouverte, jour=jour, **options)

    def importer_ouverte(
        self, livraison: Livraison, *, jour: date | None = None, **options: Any
    ) -> RapportImport:
        return importer(
            self.base,
            livraison,
            horloge=horloge_du(jour or livraison.date),
            reglages=self.reglages,
            **options,
        )

    def ecrire(self, livraison: Ecriture, *vides: str) -> Path:
        self._rang += 1
        return livraison.ecrire(self.dossier / f"livraison{self._rang}", *vides)

    def lire(self, ordre: str, **parametres: object) -> list[Any]:
        """Lignes d'une requête, ou valeurs s'il n'y a qu'une colonne."""
        with self.base.academie("essai") as session:
            lignes = session.execute(text(ordre), parametres).all()
        return [ligne[0] if len(ligne) == 1 else tuple(ligne) for ligne in lignes]

    def actifs(self, profil: str, jour: date) -> list[str]:
        """Clés des personnes qui ont ce profil ce jour."""
        return self.lire(
            "select distinct i.valeur from rattachement r join identifiant i using (personne_id)"
            " where i.type = 'ENTPersonJointure' and r.profil = :profil"
            " and r.debut <= :jour and (r.fin is null or r.fin > :jour) order by 1",
            profil=profil,
            jour=jour,
        )

    def en_sursis(self) -> list[str]:
        return self.lire(
            "select i.valeur from personne p join identifiant i on i.personne_id = p.id"
            " where i.type = 'ENTPersonJointure' and p.sursis_depuis is not null order by 1"
        )

    def constats(self) -> list[Any]:
        """(code, clé) des défauts gardés."""
        return self.lire("select code, cle from import_rejet order by 1, 2")

    def photo(self) -> dict[str, list[Any]]:
        """Tout l'annuaire, sans identifiant technique ni date de lecture : de quoi comparer deux états."""
        return {nom: self.lire(_CLE + ordre) for nom, ordre in _PHOTO.items()}

"""Le chargement : des fiches lues vers le tampon de la base, par COPY, un fichier à la fois.

Chaque fichier est validé avec sa ligne dans ``import_fichier`` : un import interrompu reprend au fichier
suivant. Un fichier tronqué ne laisse rien.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from uuid import UUID

import msgspec
import psycopg
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from ent_core.identite.aaf.champs import CHAMPS, ILLISIBLE, OBLIGATOIRES, Fautes, Valeur, attributs_utiles
from ent_core.identite.aaf.constats import Code, Constat, Gravite
from ent_core.identite.aaf.fonctions import Fonction, est_enseignant, lire_fonctions, profil_dans_structure
from ent_core.identite.aaf.grammaire import Categorie, Operation
from ent_core.identite.aaf.lecture import Fiche, Lecture, Rejet, lire
from ent_core.identite.aaf.livraison import Livraison, Membre
from ent_core.identite.aaf.valeurs import premiere
from ent_core.identite.modeles import ImportFichier, ImportRejet, ImportTampon
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["Avancement", "charger_membre", "consigner_constats", "curseur_de", "deja_charges"]

Avancement = Callable[[str, int, int], None]
"""Étape, fait, total."""

CONSTATS_MAX = 5_000
"""Par fichier ; au-delà, c'est la livraison qui est en cause, non des fiches."""

_PAS = 2_000
_LONGUEUR_CODE = ImportRejet.__table__.c.code.type.length  # type: ignore[attr-defined] # String a une longueur
_CODE_FONCTION = re.compile(r"[A-Z0-9]{1,10}")
# COPY ne sait pas écrire dans une table cloisonnée : les lignes passent par une table de la transaction.
_SAS = "create temp table t_lecture (ligne integer, operation text, cle text, attributs jsonb) on commit drop"
_COPIE = "copy t_lecture (ligne, operation, cle, attributs) from stdin"
_VERSEMENT = (
    "insert into import_tampon (lot_id, categorie, fichier, ligne, operation, cle, attributs)"
    " select %s, %s, %s, ligne, operation, cle, attributs from t_lecture"
)
_LONGUEURS_CLES: Mapping[Categorie, int] = {
    Categorie.ETABLISSEMENT: 40,
    Categorie.MATIERE: 6,
    Categorie.MEF: 11,
}
Ligne = tuple[int, str, str, str]


def deja_charges(session: Session, lot: UUID) -> dict[str, str]:
    """Fichiers du lot entiers dans le tampon : nom vers empreinte.

    Le tampon n'est pas journalisé : un arrêt brutal de la base le vide, et le compte des lignes le révèle.

    :param session: session de l'académie.
    :param lot: lot qui reprend.
    """
    presentes = {
        ligne.fichier: ligne.nombre
        for ligne in session.execute(
            select(ImportTampon.fichier, func.count().label("nombre"))
            .where(ImportTampon.lot_id == lot)
            .group_by(ImportTampon.fichier)
        )
    }
    fichiers = session.scalars(select(ImportFichier).where(ImportFichier.lot_id == lot))
    return {f.nom: f.empreinte for f in fichiers if presentes.get(f.nom, 0) == f.fiches - f.rejets}


def charger_membre(
    session: Session, lot: UUID, livraison: Livraison, membre: Membre, avancer: Callable[[int], None]
) -> None:
    """Charge un fichier dans le tampon ; l'appelant valide la transaction.

    :param session: session de l'académie.
    :param lot: lot en cours.
    :param livraison: livraison ouverte.
    :param membre: fichier à charger.
    :param avancer: reçoit les octets lus.
    :raises FichierRefuse: fichier illisible, tronqué, ou dont trop de fiches sont fautives.
    """
    for table in (ImportTampon, ImportRejet):
        session.execute(delete(table).where(table.lot_id == lot, table.fichier == membre.nom))
    session.execute(delete(ImportFichier).where(ImportFichier.lot_id == lot, ImportFichier.nom == membre.nom))
    with livraison.ouvrir(membre) as fichier:
        lecture = lire(
            fichier, nom=membre.nom, attributs_utiles=attributs_utiles(membre.categorie, livraison.degre)
        )
        preparation = _Preparation(membre)
        preparation.constats += [
            Constat(membre.nom, None, "", Code.ENCODAGE, texte, Gravite.AVERTISSEMENT)
            for texte in lecture.avertissements
        ]
        with curseur_de(session) as curseur:
            curseur.execute(_SAS)
            with curseur.copy(_COPIE) as copie:
                lignes = preparation.lignes(lecture)
                while bloc := list(islice(lignes, _PAS)):
                    for ligne in bloc:
                        copie.write_row(ligne)
                    avancer(min(lecture.octets_lus, membre.taille))
            curseur.execute(_VERSEMENT, (lot, membre.categorie.value, membre.nom))
    avancer(membre.taille)
    session.execute(
        insert(ImportFichier).values(
            lot_id=lot,
            nom=membre.nom,
            empreinte=membre.empreinte,
            fiches=preparation.fiches,
            rejets=preparation.rejets,
        )
    )
    consigner_constats(session, lot, preparation.constats)


def consigner_constats(session: Session, lot: UUID, constats: Sequence[Constat]) -> None:
    """Ajoute des constats à ceux du lot.

    :param session: session de l'académie.
    :param lot: lot en cours.
    :param constats: défauts à garder.
    """
    if constats:
        session.execute(
            insert(ImportRejet),
            [
                {
                    "lot_id": lot,
                    "fichier": constat.fichier,
                    "ligne": constat.ligne,
                    "cle": constat.cle or None,
                    "code": constat.code[:_LONGUEUR_CODE],
                    "motif": constat.motif,
                    "gravite": constat.gravite.value,
                }
                for constat in constats
            ],
        )


def curseur_de(session: Session) -> psycopg.Cursor[tuple[object, ...]]:
    """Curseur du pilote, dans la transaction de la session.

    :param session: session ouverte.
    """
    connexion = session.connection().connection.driver_connection
    if not isinstance(connexion, psycopg.Connection):
        raise TypeError("la session n'est pas tenue par psycopg")
    return connexion.cursor()


class _Preparation:
    """Des fiches d'un fichier aux lignes du tampon ; les défauts sont mis de côté."""

    def __init__(self, membre: Membre) -> None:
        self.constats: list[Constat] = []
        self.fiches = 0
        self.rejets = 0
        self._membre = membre
        self._encodeur = msgspec.json.Encoder()

    def lignes(self, lecture: Lecture) -> Iterator[Ligne]:
        """Rend les lignes à copier."""
        encoder = self._encodeur.encode
        precedente = 0
        for lu in lecture:
            self.fiches += 1
            if isinstance(lu, Rejet):
                self._constater(lu.ligne, lu.cle, lu.code, lu.motif, Gravite.REJET)
                continue
            valeurs = self._preparer(lu)
            if valeurs is None:
                continue
            # Plusieurs fiches peuvent tenir sur une ligne : le rang garde l'ordre et reste unique.
            precedente = max(lu.ligne, precedente + 1)
            yield precedente, lu.operation.value, lu.cle, encoder(valeurs).decode()

    def _preparer(self, fiche: Fiche) -> dict[str, Valeur] | None:
        """Valeurs à garder ; ``None`` si la fiche est écartée. Boucle chaude."""
        categorie = fiche.categorie
        if categorie is not self._membre.categorie:
            motif = f"fiche {categorie.value} dans un fichier d'une autre sorte"
            self._ecarter(fiche, Code.CATEGORIE_INATTENDUE, motif)
            return None
        if len(fiche.cle) > _LONGUEURS_CLES.get(categorie, len(fiche.cle)):
            self._ecarter(fiche, Code.CLE_ILLISIBLE, "identifiant trop long pour cette sorte de fiche")
            return None
        champs = CHAMPS[categorie]
        ajout = fiche.operation is Operation.AJOUT
        valeurs: dict[str, Valeur] = {}
        fautes: Fautes = []
        for nom, recues in fiche.attributs.items():
            champ = champs[nom]
            if champ.lire is None:
                continue
            lue = champ.lire(recues, fautes)
            if fautes:
                self._signaler(fiche, nom, fautes)
            # Deux attributs peuvent aller au même endroit : le vide ne chasse pas le plein.
            if lue is not ILLISIBLE and (lue or (champ.cle not in valeurs and not (ajout and lue is None))):
                valeurs[champ.cle] = lue  # type: ignore[assignment] # forme tenue par le champ
        if categorie is Categorie.AGENT and (ajout or "ENTPersonFonctions" in fiche.attributs):
            valeurs["fonctions"] = self._fonctions(fiche)
        return valeurs if self._complete(fiche, valeurs) else None

    def _complete(self, fiche: Fiche, valeurs: dict[str, Valeur]) -> bool:
        if fiche.operation is Operation.SUPPRESSION:
            return True
        for cle in OBLIGATOIRES[fiche.categorie]:
            if valeurs.get(cle):
                continue
            if fiche.operation is Operation.AJOUT:
                self._ecarter(fiche, Code.OBLIGATOIRE_ABSENT, f"« {cle} » manque ou n'est pas lisible")
                return False
            if cle in valeurs:
                del valeurs[cle]
                self._signaler(fiche, cle, [(Code.OBLIGATOIRE_ABSENT, "ne peut pas être effacé")])
        return True

    def _fonctions(self, fiche: Fiche) -> list[str]:
        """« structure$profil$fonction » ; le directeur d'école est dit par un attribut à part."""
        enseignant = est_enseignant(fiche.attributs)
        gardees = []
        for fonction in (*lire_fonctions(fiche.attributs), *_directions(fiche)):
            profil = profil_dans_structure(fonction, enseignant=enseignant)
            if profil is not None and len(fonction.code) <= 10:
                gardees.append(f"{fonction.structure}${profil}${fonction.code}")
                continue
            nommee = fonction.code if _CODE_FONCTION.fullmatch(fonction.code) else "sans code lisible"
            self._signaler(
                fiche,
                "ENTPersonFonctions",
                [(Code.FONCTION_INCONNUE, f"fonction {nommee}, sans profil national")],
            )
        return gardees

    def _ecarter(self, fiche: Fiche, code: Code, motif: str) -> None:
        self._constater(fiche.ligne, fiche.cle, code, motif, Gravite.REJET)

    def _signaler(self, fiche: Fiche, attribut: str, fautes: Fautes) -> None:
        for code, motif in fautes:
            self._constater(fiche.ligne, fiche.cle, code, f"{attribut} : {motif}", Gravite.AVERTISSEMENT)
        fautes.clear()

    def _constater(self, ligne: int, cle: str, code: str, motif: str, gravite: Gravite) -> None:
        self.rejets += gravite is Gravite.REJET
        self.constats.append(Constat(self._membre.nom, ligne, cle, code, motif, gravite))
        if len(self.constats) > CONSTATS_MAX:
            raise FichierRefuse(
                f"Plus de {CONSTATS_MAX} défauts dans ce fichier : ce n'est pas un accident.",
                lieu=f"{self._membre.nom}, ligne {ligne}",
                remede="vérifier le format de la livraison avec l'académie ; rien n'a été changé.",
            )


def _directions(fiche: Fiche) -> Iterator[Fonction]:
    for valeur in fiche.attributs.get("ENTEnsFonctionDir", ()):
        structure = premiere(valeur.split("$")).strip()
        if structure:
            yield Fonction(structure, "DIR", "", "", "")

"""Appliquer une liste validée à une école : tout ou rien, et personne n'est jamais supprimé.

Une liste ajoute et corrige. Qui n'y est pas reste, sauf si elle est dite complète : ses liens se ferment,
et qui n'a plus aucun lien entre en sursis. Une liste où la personne figure la fait revenir.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select, text

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.session import ROLE_ACADEMIE, ROLE_APPLICATION, BaseDeDonnees, changer_portage
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.contextes import PERSONNELS
from ent_core.identite.journal import consigner
from ent_core.identite.lots import RapportChargement, enregistrer_lot
from ent_core.identite.modeles import Etablissement, Personne, Responsabilite, Service
from ent_core.identite.mouvements import Annoncer, Suivi
from ent_core.identite.sursis import a_un_rattachement, a_un_role_local
from ent_core.identite.tableur.champs import Genre
from ent_core.identite.tableur.doublons import Doublon
from ent_core.identite.tableur.ecole import FORMAT, Ecole
from ent_core.identite.tableur.eleves import appliquer_eleves
from ent_core.identite.tableur.gestes import Gestes
from ent_core.identite.tableur.lignes import LigneEleve, LigneLue, LignePersonnel, LigneResponsable
from ent_core.identite.tableur.personnels import appliquer_personnels
from ent_core.identite.tableur.responsables import appliquer_responsables
from ent_core.identite.tableur.validation import ResultatLecture
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.socle.configuration import Imports
from ent_core.socle.erreurs import Introuvable, OperationRefusee

__all__ = ["OptionsListe", "RetraitsAConfirmer", "importer_liste"]

_PROFILS = {
    Genre.ELEVES: {Profil.ELEVE.value},
    Genre.RESPONSABLES: {Profil.RESPONSABLE.value},
    Genre.PERSONNELS: set(PERSONNELS),
}


class RetraitsAConfirmer(OperationRefusee):
    """La liste fermerait plus de liens que le seuil : une personne doit le confirmer."""

    code = "ENT-RETRAITS"
    code_de_sortie = 5


@dataclass(frozen=True, slots=True)
class OptionsListe:
    """Ce que la personne a choisi.

    :param complete: la liste dit tout ; les liens de qui n'y est pas sont fermés.
    :param accepter_retraits: elle a confirmé un retrait massif.
    :param direction_permise: elle peut désigner la direction d'un établissement.
    """

    complete: bool = False
    accepter_retraits: bool = False
    direction_permise: bool = True


def importer_liste(
    base: BaseDeDonnees,
    resultat: ResultatLecture,
    *,
    uai: str,
    nom: str,
    empreinte: str,
    horloge: Horloge,
    reglages: Imports,
    options: OptionsListe | None = None,
    simulation: bool = False,
    par: UUID | None = None,
    annoncer: Annoncer | None = None,
) -> RapportChargement:
    """Applique une liste à un établissement, en une transaction.

    :param base: base de l'application.
    :param resultat: liste lue et validée.
    :param uai: établissement.
    :param nom: nom du fichier, pour le rapport.
    :param empreinte: SHA-256 du fichier.
    :param reglages: seuil de retrait et durée du sursis.
    :param simulation: tout est fait puis annulé ; le rapport dit ce qui changerait.
    :param par: personne qui importe.
    :param annoncer: à qui dire les départs et les sursis, avant de valider.
    :raises Introuvable: établissement inconnu.
    :raises OperationRefusee: liste dite complète mais avec des lignes fautives.
    :raises RetraitsAConfirmer: trop de retraits ; rien n'est changé.
    """
    choix = options or OptionsListe()
    jour = horloge.aujourd_hui()
    with base.ecole(uai, "import : liste", par) as session:
        session.execute(text("select pg_advisory_xact_lock(hashtext(:cle))"), {"cle": f"tableur:{uai}"})
        if session.get(Etablissement, uai) is None:
            raise Introuvable(
                f"L'établissement {uai} n'est pas connu de cet ENT.",
                remede="vérifier le code, ou déclarer d'abord l'établissement.",
                lieu=nom,
            )
        gestes = Gestes(session)
        ecole = Ecole(session, uai, annee_scolaire(jour), jour, nom)
        suivi = Suivi(session, ecole.annee, None if simulation else annoncer)
        _constater_lecture(ecole, resultat)
        _appliquer(ecole, resultat, choix)
        if choix.complete:
            _fermer_les_absents(ecole, resultat.genre, reglages, choix, simulation=simulation)
        ecole.terminer()
        rapport = RapportChargement(
            uai=uai,
            annee=ecole.annee,
            simulation=simulation,
            ecarts=ecole.ecarts(),
            constats=tuple(ecole.constats),
        )
        if simulation:
            session.rollback()
            return rapport
        suivi.annoncer()
        lot = enregistrer_lot(session, horloge, rapport, format_lu=FORMAT, empreinte=empreinte, par=par)
        gestes.garder(uai, lot)
        consigner(
            session,
            horloge,
            "liste.importee",
            uai=uai,
            acteur=par,
            objet=str(lot),
            details={"genre": resultat.genre.value, "complete": choix.complete, "rejets": rapport.rejets},
        )
    return replace(rapport, lot=lot)


def _appliquer(ecole: Ecole, resultat: ResultatLecture, choix: OptionsListe) -> None:
    ecartees = _doublons_a_ecarter(ecole, resultat)
    lignes: Iterable[LigneLue] = (ligne for ligne in resultat.lignes if ligne.ligne not in ecartees)
    # La validation rend des lignes du genre demandé, et d'aucun autre.
    match resultat.genre:
        case Genre.ELEVES:
            appliquer_eleves(ecole, cast("Iterable[LigneEleve]", lignes))
        case Genre.RESPONSABLES:
            appliquer_responsables(ecole, cast("Iterable[LigneResponsable]", lignes))
        case Genre.PERSONNELS:
            retenues = cast("Iterable[LignePersonnel]", lignes)
            appliquer_personnels(ecole, retenues, direction_permise=choix.direction_permise)


def _constater_lecture(ecole: Ecole, resultat: ResultatLecture) -> None:
    for erreur in resultat.erreurs:
        lieu = f"{erreur.colonne} : " if erreur.colonne else ""
        ecole.constater(erreur.ligne, erreur.code, f"{lieu}{erreur.motif} ({erreur.remede})")


def _doublons_a_ecarter(ecole: Ecole, resultat: ResultatLecture) -> set[int]:
    """Lignes qui pourraient être la même personne : signalées, jamais fusionnées.

    Deux lignes d'un même nom que leurs identifiants distinguent sont deux personnes ; deux lignes d'un même
    responsable, avec son identifiant, sont ses enfants l'un après l'autre.
    """
    lignes = {ligne.ligne: ligne for ligne in resultat.lignes}
    ecartees: set[int] = set()
    for doublon in resultat.doublons:
        citees = [lignes[numero] for numero in doublon.lignes]
        distincts = {ligne.identifiant_externe for ligne in citees}
        if doublon.code == "meme_identite" and "" not in distincts and _lisible(doublon, distincts, resultat):
            continue
        if doublon.code == "meme_identifiant" and resultat.genre is Genre.RESPONSABLES:
            if len({(ligne.nom, ligne.prenom) for ligne in citees}) == 1:
                continue
        ecartees |= set(doublon.lignes)
        numeros = ", ".join(map(str, doublon.lignes))
        for numero in doublon.lignes:
            ecole.constater(numero, "doublon", f"les lignes {numeros} ont {doublon.motif} ; à trancher")
    return ecartees


def _lisible(doublon: Doublon, distincts: set[str], resultat: ResultatLecture) -> bool:
    return len(distincts) == len(doublon.lignes) or resultat.genre is Genre.RESPONSABLES


def _fermer_les_absents(
    ecole: Ecole, genre: Genre, reglages: Imports, choix: OptionsListe, *, simulation: bool
) -> None:
    if any(constat.gravite is Gravite.REJET for constat in ecole.constats):
        raise OperationRefusee(
            "La liste est dite complète, mais des lignes sont mises de côté : "
            "leurs personnes passeraient pour absentes.",
            remede="corriger ces lignes, ou importer sans dire que la liste est complète.",
            lieu=_lieu(ecole.constats),
        )
    profils = _PROFILS[genre]
    ouverts = list(ecole.rattachements_de_la_liste(profils))
    absents = [r for r in ouverts if r.personne_id not in ecole.vues]
    avant = len({r.personne_id for r in ouverts})
    partis = {r.personne_id for r in absents}
    part = len(partis) / avant if avant else 0.0
    if part > reglages.seuil_retraits:
        motif = f"{len(partis)} personne(s) sur {avant} ne sont plus dans la liste"
        if not (simulation or choix.accepter_retraits):
            raise RetraitsAConfirmer(
                f"L'import fermerait plus de {reglages.seuil_retraits:.0%} des liens : {motif}.",
                remede="regarder le détail par une simulation, puis confirmer s'ils sont voulus.",
                lieu=f"établissement {ecole.uai}",
            )
        ecole.constater(None, "retraits_nombreux", motif, Gravite.AVERTISSEMENT)
    for rattachement in absents:
        ecole.clore(rattachement, "Rattachements")
    _fermer_les_liens(ecole, partis, genre)
    _mettre_en_sursis(ecole, partis, reglages)


def _lieu(constats: Iterable[Constat]) -> str:
    lignes = sorted({constat.ligne for constat in constats if constat.ligne})
    suite = ", ".join(map(str, lignes[:10]))
    return f"ligne(s) {suite}{'…' if len(lignes) > 10 else ''}"


def _fermer_les_liens(ecole: Ecole, partis: set[UUID], genre: Genre) -> None:
    """Ferme ce qui dépendait du rattachement : classes, services, responsabilités venues de listes."""
    if genre is Genre.ELEVES:
        for eleve in partis:
            for inscription in ecole.inscriptions[eleve]:
                ecole.clore(inscription, "Inscriptions")
        return
    table: Any = Responsabilite if genre is Genre.RESPONSABLES else Service
    objet = "Responsabilités" if genre is Genre.RESPONSABLES else "Services"
    personne: Any = Responsabilite.responsable_id if genre is Genre.RESPONSABLES else Service.personne_id
    for lien in ecole.session.scalars(
        select(table).where(personne.in_(partis), table.source == ecole.source, en_vigueur(table, ecole.jour))
    ):
        ecole.clore(lien, objet)


def _mettre_en_sursis(ecole: Ecole, partis: set[UUID], reglages: Imports) -> None:
    """Qui n'a plus de lien nulle part n'est plus admis à se connecter ; la suppression vient à son terme."""
    session = ecole.session
    session.flush()
    # Une école ne voit pas les rattachements des autres : la question se pose à toute l'académie.
    changer_portage(session, role=ROLE_ACADEMIE, uai="")
    cherchees = Personne.id.in_(partis)
    rattachees = set(session.scalars(select(Personne.id).where(cherchees, a_un_rattachement(ecole.jour))))
    retenues = set(session.scalars(select(Personne.id).where(cherchees, a_un_role_local(ecole.jour))))
    changer_portage(session, role=ROLE_APPLICATION, uai=ecole.uai)
    if gardees := len(retenues - rattachees):
        ecole.constater(
            None,
            "role_local_garde",
            f"{gardees} personne(s) ne sont plus rattachées, mais un rôle local leur garde leur connexion ; "
            "le retirer si elles sont parties",
            Gravite.AVERTISSEMENT,
        )
    for identifiant in partis - rattachees - retenues:
        personne = ecole.personnes[identifiant]
        if personne.sursis_depuis is None:
            personne.sursis_depuis = ecole.jour
            personne.suppression_le = ecole.jour + timedelta(days=reglages.sursis)
            ecole.compter("Personnes", "retraits")

"""L'import d'une livraison AAF : garde-fous, chargement repris s'il le faut, application d'un seul tenant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import psycopg
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.application import Application, Contexte
from ent_core.identite.aaf.chargement import Avancement, charger_membre, consigner_constats, deja_charges
from ent_core.identite.aaf.constats import Constat, Gravite
from ent_core.identite.aaf.grammaire import Nature
from ent_core.identite.aaf.livraison import Livraison
from ent_core.identite.aaf.projets import SOURCE_MAX, VERROU, provenance_de
from ent_core.identite.aaf.rapport import RapportImport, Retraits
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import ImportLot, ImportRejet, ImportTampon
from ent_core.identite.mouvements import Annoncer, Suivi
from ent_core.socle.calendrier import Horloge, annee_scolaire
from ent_core.socle.configuration import Imports
from ent_core.socle.erreurs import BaseIndisponible, FichierRefuse, OperationRefusee

__all__ = ["importer"]

ANCIENNETE_MAX = timedelta(days=7)
_RETRAITS_CITES = 5
_ECHANTILLON = 200
_A_REPRENDRE = ("lecture", "refuse")


@dataclass(frozen=True, slots=True)
class _Provenance:
    """Espace des identifiants (annuaire de l'académie) et provenance des liens (annuaire et projet)."""

    annuaire: str
    source: str


@dataclass(frozen=True, slots=True)
class _Travail:
    base: BaseDeDonnees
    livraison: Livraison
    provenance: _Provenance
    horloge: Horloge
    reglages: Imports
    simulation: bool
    accepter_retraits: bool
    progression: Avancement
    par: UUID | None
    annoncer: Annoncer | None


def importer(
    base: BaseDeDonnees,
    livraison: Livraison,
    *,
    horloge: Horloge,
    reglages: Imports,
    simulation: bool = False,
    accepter_retraits: bool = False,
    accepter_ancienne: bool = False,
    progression: Avancement | None = None,
    par: UUID | None = None,
    annoncer: Annoncer | None = None,
) -> RapportImport:
    """Importe une livraison : tout, ou rien. Interrompu, il reprend où il en était.

    :param base: base de l'ENT.
    :param livraison: livraison ouverte.
    :param horloge: heure de référence.
    :param reglages: garde-fous.
    :param simulation: tout est fait puis annulé ; le rapport dit ce qui changerait.
    :param accepter_retraits: une personne a confirmé un retrait massif.
    :param accepter_ancienne: une personne a confirmé une livraison de plus de sept jours.
    :param progression: reçoit l'étape, ce qui est fait et le total.
    :param par: personne qui lance l'import.
    :param annoncer: à qui dire les départs et les sursis, avant de valider.
    :raises FichierRefuse: livraison illisible ; rien n'est changé.
    :raises OperationRefusee: date, import en cours ou retrait massif ; rien n'est changé.
    :raises BaseIndisponible: la base ne répond plus ; rien n'est changé, et l'import se relance.
    """
    # L'import dure : il prend ses propres connexions, et laisse aux pages celles du processus.
    propre = BaseDeDonnees(base.url, connexions=2)
    travail = _Travail(
        base=propre,
        livraison=livraison,
        provenance=_provenance(livraison),
        horloge=horloge,
        reglages=reglages,
        simulation=simulation,
        accepter_retraits=accepter_retraits,
        progression=progression or (lambda _etape, _fait, _total: None),
        par=par,
        annoncer=annoncer,
    )
    try:
        return _importer(travail, accepter_ancienne=accepter_ancienne)
    except (psycopg.OperationalError, OperationalError) as erreur:
        raise BaseIndisponible(
            f"la base de données a coupé la connexion pendant l'import ({type(erreur).__name__}).",
            remede="relancer l'import : ce qui est déjà lu ne sera pas relu, et rien n'a été changé.",
        ) from erreur
    finally:
        propre.fermer()


def _importer(travail: _Travail, *, accepter_ancienne: bool) -> RapportImport:
    # Cette transaction tient le verrou de bout en bout, et ne fait rien d'autre pendant le chargement.
    with travail.base.academie("import AAF") as session:
        _verrouiller(session)
        dernier = _dernier_applique(session, travail.provenance.source)
        if dernier is not None and dernier.empreinte == travail.livraison.empreinte:
            return _rapport_vide(travail)
        aujourd_hui = travail.horloge.aujourd_hui()
        _verifier_les_dates(travail.livraison, dernier, aujourd_hui, accepter_ancienne=accepter_ancienne)
        with _lot(travail) as (lot, repris):
            return _appliquer(session, travail, lot, repris)


def _provenance(livraison: Livraison) -> _Provenance:
    annuaire, source = provenance_de(livraison)
    if len(source) > SOURCE_MAX:
        raise FichierRefuse(
            f"Le nom du projet fait une provenance de plus de {SOURCE_MAX} caractères.",
            lieu=livraison.membres[0].nom,
            remede="renommer les fichiers avec un nom de projet plus court, toujours le même.",
        )
    return _Provenance(annuaire, source)


# --- Garde-fous ------------------------------------------------------------------------------------


def _verrouiller(session: Session) -> None:
    # Cette transaction attend la fin de la lecture : aucun délai du serveur ne doit la couper.
    session.execute(text("set local idle_in_transaction_session_timeout = 0"))
    session.execute(text("set local statement_timeout = 0"))
    if not session.scalar(text("select pg_try_advisory_xact_lock(:v)"), {"v": VERROU}):
        raise OperationRefusee(
            "Un autre import est en cours.",
            remede="attendre sa fin, puis recommencer.",
        )


def _dernier_applique(session: Session, source: str) -> ImportLot | None:
    return session.scalar(
        select(ImportLot)
        .where(ImportLot.source == source, ImportLot.etat == "applique")
        .order_by(ImportLot.jour.desc(), ImportLot.fini_le.desc())
        .limit(1)
    )


def _verifier_les_dates(
    livraison: Livraison, dernier: ImportLot | None, aujourd_hui: date, *, accepter_ancienne: bool
) -> None:
    lieu = f"livraison {livraison.projet} du {livraison.date:%d/%m/%Y}"
    if livraison.date > aujourd_hui:
        raise OperationRefusee(
            f"La livraison est datée de l'avenir (nous sommes le {aujourd_hui:%d/%m/%Y}).",
            lieu=lieu,
            remede="vérifier l'heure du serveur, ou attendre ce jour.",
        )
    if dernier is not None and livraison.date < dernier.jour:
        raise OperationRefusee(
            f"Une livraison plus récente, du {dernier.jour:%d/%m/%Y}, est déjà appliquée.",
            lieu=lieu,
            remede="importer les livraisons dans l'ordre de leurs dates ; une complète remet tout d'aplomb.",
        )
    if aujourd_hui - livraison.date > ANCIENNETE_MAX and not accepter_ancienne:
        raise OperationRefusee(
            f"La livraison a {(aujourd_hui - livraison.date).days} jours ; {ANCIENNETE_MAX.days} au plus.",
            lieu=lieu,
            remede="demander une livraison récente, ou confirmer celle-ci (« --accepter-ancienne »).",
        )


def _refuser_les_retraits(retraits: tuple[Retraits, ...], reglages: Imports) -> OperationRefusee:
    cites = " ; ".join(map(str, retraits[:_RETRAITS_CITES]))
    reste = len(retraits) - _RETRAITS_CITES
    return OperationRefusee(
        f"L'import retirerait plus de {reglages.seuil_retraits:.0%} des personnes. {cites}"
        + (f" ; et {reste} autre(s) établissement(s)." if reste > 0 else "."),
        remede="regarder le détail par une simulation, puis confirmer les retraits s'ils sont voulus.",
    )


# --- Le lot ----------------------------------------------------------------------------------------


@contextmanager
def _lot(travail: _Travail) -> Iterator[tuple[UUID, int]]:
    """Ouvre ou reprend le lot, charge ce qui manque ; dit pourquoi si la suite échoue."""
    with travail.base.academie("import AAF : ouverture du lot") as session:
        lot = _ouvrir(session, travail)
    try:
        yield lot, _charger(travail, lot)
    except FichierRefuse as erreur:
        # Un fichier refusé ne sera pas repris : son contenu ne reste pas dans le tampon.
        _clore(travail, lot, "echec", erreur, vider=True)
        raise
    except OperationRefusee as erreur:
        _clore(travail, lot, "refuse", erreur, vider=False)
        raise


def _ouvrir(session: Session, travail: _Travail) -> UUID:
    livraison, source = travail.livraison, travail.provenance.source
    lot = session.scalar(
        select(ImportLot.id)
        .where(
            ImportLot.source == source,
            ImportLot.empreinte == livraison.empreinte,
            ImportLot.etat.in_(_A_REPRENDRE),
        )
        .order_by(ImportLot.demarre_le.desc())
        .limit(1)
    )
    if lot is None:
        nouveau = ImportLot(
            source=source,
            format="aaf",
            nature=livraison.nature.value,
            jour=livraison.date,
            empreinte=livraison.empreinte,
            etat="lecture",
            demarre_le=travail.horloge.maintenant(),
            comptes={},
            par=travail.par,
        )
        session.add(nouveau)
        session.flush()
        lot = nouveau.id
    else:
        session.execute(update(ImportLot).where(ImportLot.id == lot).values(etat="lecture", erreur=None))
    # Le tampon ne garde que le lot en cours.
    session.execute(
        update(ImportLot)
        .where(ImportLot.id != lot, ImportLot.etat.in_(_A_REPRENDRE), ImportLot.format == "aaf")
        .values(etat="abandonne")
    )
    session.execute(delete(ImportTampon).where(ImportTampon.lot_id != lot))
    return lot


def _charger(travail: _Travail, lot: UUID) -> int:
    livraison = travail.livraison
    with travail.base.academie("import AAF : reprise") as session:
        charges = deja_charges(session, lot)
    fait = repris = 0
    for membre in livraison.membres:
        if charges.get(membre.nom) == membre.empreinte:
            repris += 1
        else:
            depart = fait

            def avancer(octets: int, depart: int = depart) -> None:
                travail.progression("lecture", depart + octets, livraison.taille)

            with travail.base.academie("import AAF : lecture") as session:
                # Un fichier perdu dans une panne de la base serait relu : inutile d'attendre le disque.
                session.execute(text("set local synchronous_commit = off"))
                charger_membre(session, lot, livraison, membre, avancer)
        fait += membre.taille
        travail.progression("lecture", fait, livraison.taille)
    return repris


def _clore(travail: _Travail, lot: UUID, etat: str, erreur: Exception, *, vider: bool) -> None:
    with travail.base.academie("import AAF : clôture du lot") as session:
        session.execute(
            update(ImportLot)
            .where(ImportLot.id == lot)
            .values(etat=etat, erreur=str(erreur), fini_le=travail.horloge.maintenant())
        )
        if vider:
            session.execute(delete(ImportTampon).where(ImportTampon.lot_id == lot))
        consigner(session, travail.horloge, f"import.{etat}", acteur=travail.par, objet=str(lot))


# --- Application -----------------------------------------------------------------------------------


def _appliquer(session: Session, travail: _Travail, lot: UUID, repris: int) -> RapportImport:
    point = session.begin_nested()
    contexte = _contexte(travail, lot)
    suivi = Suivi(session, contexte.annee, None if travail.simulation else travail.annoncer)
    application = Application(session, contexte)
    application.executer(lambda fait, total: travail.progression("application", fait, total))
    retraits = application.retraits(travail.reglages.seuil_retraits)
    if retraits and not (travail.simulation or travail.accepter_retraits):
        raise _refuser_les_retraits(retraits, travail.reglages)
    constats = application.constats()
    rapport = RapportImport(
        source=travail.provenance.source,
        nature=travail.livraison.nature,
        jour=travail.livraison.date,
        simulation=travail.simulation,
        lot=lot,
        fichiers_repris=repris,
        comptes=application.comptes(),
        etablissements=application.etablissements(),
        exemples=application.exemples(),
        constats=application.nombre_de_constats(),
        echantillon=(*_constats_de_lecture(session, lot), *constats)[:_ECHANTILLON],
        retraits_excessifs=retraits,
        avertissements=travail.livraison.avertissements,
    )
    if travail.simulation:
        point.rollback()
        consigner_constats(session, lot, constats)
    else:
        application.garder_les_constats()
        suivi.annoncer()
        point.commit()
        consigner(
            session,
            travail.horloge,
            "import.applique",
            acteur=travail.par,
            objet=str(lot),
            details={
                "source": rapport.source,
                "nature": rapport.nature.value,
                "jour": rapport.jour.isoformat(),
                "retraits_acceptes": bool(retraits),
                **{f"personnes_{g}": n for g, n in rapport.comptes.get("personne", {}).items()},
            },
        )
    session.execute(
        update(ImportLot)
        .where(ImportLot.id == lot)
        .values(
            etat="simule" if travail.simulation else "applique",
            fini_le=travail.horloge.maintenant(),
            comptes=rapport.en_json(),
        )
    )
    session.execute(text("truncate import_tampon"))
    return rapport


def _contexte(travail: _Travail, lot: UUID) -> Contexte:
    livraison = travail.livraison
    return Contexte(
        lot=lot,
        source=travail.provenance.source,
        annuaire=travail.provenance.annuaire,
        jour=livraison.date,
        annee=annee_scolaire(livraison.date),
        complet=livraison.nature is Nature.COMPLET,
        degre=1 if livraison.degre == "1D" else 2,
        categories=tuple(sorted({membre.categorie.value for membre in livraison.membres})),
        sursis=travail.reglages.sursis,
        demain=travail.horloge.aujourd_hui() + timedelta(days=1),
    )


def _constats_de_lecture(session: Session, lot: UUID) -> list[Constat]:
    lignes = session.scalars(
        select(ImportRejet)
        .where(ImportRejet.lot_id == lot)
        .order_by(ImportRejet.gravite.desc(), ImportRejet.fichier, ImportRejet.ligne)
        .limit(_ECHANTILLON)
    )
    return [Constat(r.fichier, r.ligne, r.cle or "", r.code, r.motif, Gravite(r.gravite)) for r in lignes]


def _rapport_vide(travail: _Travail) -> RapportImport:
    return RapportImport(
        source=travail.provenance.source,
        nature=travail.livraison.nature,
        jour=travail.livraison.date,
        simulation=travail.simulation,
        deja_importee=True,
    )

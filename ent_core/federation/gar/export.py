"""Exporter vers le GAR : un instantané de l'annuaire, deux flux, un garde-fou, une archive par flux.

L'envoi est toujours entier : qui n'y est plus est retiré là-bas. Il se publie donc d'un coup, une fois relu,
ou pas du tout. Porter l'archive au GAR revient à l'exploitant : l'archive d'abord, son empreinte ensuite.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation.gar import suivi
from ent_core.federation.gar.anomalies import AnomalieGar, ReleveGar
from ent_core.federation.gar.baisses import BaisseTropForte, Effectif, baisses
from ent_core.federation.gar.format import MARQUE_ARCHIVE, FluxGar, NomPaquet
from ent_core.federation.gar.lectures import FenetreGar, attribuer
from ent_core.federation.gar.modeles import GarEtablissement
from ent_core.federation.gar.paquet import Paquet
from ent_core.federation.gar.passes import Passes
from ent_core.federation.gar.suivi import ComptesGar
from ent_core.federation.gar.verification import verifier
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import FUSEAU, Horloge, annee_scolaire
from ent_core.socle.configuration import Configuration, Gar
from ent_core.socle.erreurs import ConfigurationInvalide, Introuvable, OperationRefusee

__all__ = ["GARDE", "ArchiveGar", "Avancer", "DemandeGar", "RapportGar", "dossier_de", "exporter", "purger"]

GARDE = timedelta(days=7)
"""Ce que l'ENT garde une archive ; le GAR, lui, n'a besoin que de la dernière."""

_VERROU = 0x474152
_DEGRES = {1: FluxGar.PREMIER, 2: FluxGar.SECOND}

Avancer = Callable[[str, int, int], None]
"""Dit où l'on en est : étape, fait, total."""


@dataclass(frozen=True, slots=True)
class DemandeGar:
    """Ce que l'on exporte.

    :param dossier: où paraît l'archive.
    :param uais: quelques établissements, pour un essai ; vide, tous ceux qui ont ouvert le GAR.
    :param simulation: tout faire, sans rien publier ni rien retenir.
    :param accepter_baisse: ne pas s'arrêter à une baisse.
    """

    dossier: Path
    uais: tuple[str, ...] = ()
    simulation: bool = False
    accepter_baisse: bool = False


@dataclass(frozen=True, slots=True)
class ArchiveGar:
    """Une archive d'un flux.

    :param nom: nom de l'archive.
    :param md5: empreinte.
    :param fichiers: nombre de fichiers XML.
    :param noeuds: nombre de nœuds, par genre de fichier.
    """

    nom: str
    md5: str
    fichiers: int
    noeuds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RapportGar:
    """Ce qu'un export a fait, ou ferait.

    :param etablissements: nombres de chacun.
    :param anomalies: les premières de chaque établissement.
    :param releve: fichier qui les a toutes ; vide pour une simulation.
    """

    archives: tuple[ArchiveGar, ...]
    etablissements: Mapping[str, ComptesGar]
    anomalies: tuple[AnomalieGar, ...]
    total_anomalies: int
    releve: str


@dataclass(slots=True)
class _Travail:
    """Un export en cours."""

    horloge: Horloge
    demande: DemandeGar
    ent: str
    instant: datetime
    avancer: Avancer
    releve: ReleveGar
    pile: ExitStack
    flux: list[Passes] = field(default_factory=list)
    archives: list[tuple[Paquet, ArchiveGar]] = field(default_factory=list)


def dossier_de(configuration: Configuration) -> Path:
    """Où paraissent les archives.

    :param configuration: dossier de l'instance, et section ``[gar]``.
    """
    choisi = configuration.gar.dossier
    return Path(choisi) if choisi else Path(configuration.donnees) / "gar"


def exporter(
    base: BaseDeDonnees,
    horloge: Horloge,
    reglages: Gar,
    demande: DemandeGar,
    avancer: Avancer = lambda _etape, _fait, _total: None,
) -> RapportGar:
    """Exporte les établissements qui ont ouvert le GAR.

    :param base: base de l'instance.
    :param horloge: horloge de l'instance.
    :param reglages: section ``[gar]``.
    :param demande: ce que l'on exporte, et où.
    :param avancer: dit où l'on en est.
    :raises ConfigurationInvalide: l'identifiant de l'ENT n'est pas réglé.
    :raises Introuvable: un établissement demandé n'a pas ouvert le GAR.
    :raises OperationRefusee: rien à exporter, un autre export en cours, ou un dossier où l'on n'écrit pas.
    :raises BaisseTropForte: trop de personnes disparaîtraient du GAR ; rien n'est publié.
    """
    if not reglages.id_ent:
        raise ConfigurationInvalide(
            "l'identifiant de cet ENT auprès du GAR n'est pas réglé.",
            remede="écrire « id_ent » dans la section [gar] ; c'est le GAR qui le donne, à l'accrochage.",
            lieu="[gar] id_ent",
        )
    _preparer(demande.dossier)
    with ExitStack() as pile:
        releve = ReleveGar(pile.enter_context(tempfile.TemporaryFile(dir=demande.dossier)))
        pile.callback(releve.fermer)
        travail = _Travail(horloge, demande, reglages.id_ent, horloge.maintenant(), avancer, releve, pile)
        try:
            avant = _lire(base, travail)
            apres = {u: Effectif(c.eleves, c.personnels) for u, c in _comptes(travail).items()}
            trouvees = () if demande.accepter_baisse else baisses(avant, apres, reglages.seuil_baisse)
            if trouvees:
                raise BaisseTropForte(trouvees, reglages.seuil_baisse)
        except BaisseTropForte as arret:
            if not demande.simulation and not demande.uais:
                with base.academie("GAR : envoi retenu") as session:
                    suivi.retenir(session, horloge, arret.baisses)
            raise
        _relire(travail)
        if not demande.simulation:
            _noter(base, travail)
            _publier(travail)
        return _rapport(travail)


def purger(dossier: Path, maintenant: datetime) -> int:
    """Efface les archives, empreintes et relevés trop vieux ; rend leur nombre.

    :param dossier: où ils paraissent.
    :param maintenant: instant présent.
    """
    limite = f"{maintenant.astimezone(FUSEAU) - GARDE:%Y%m%d_%H%M%S}"
    vieux = [
        chemin
        for chemin in (sorted(dossier.iterdir()) if dossier.is_dir() else ())
        if MARQUE_ARCHIVE in chemin.name
        and chemin.is_file()
        and chemin.name.partition(MARQUE_ARCHIVE)[2][:15] < limite
    ]
    for chemin in vieux:
        chemin.unlink(missing_ok=True)
    return len(vieux)


def _preparer(dossier: Path) -> None:
    try:
        dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as erreur:
        raise OperationRefusee(
            f"le dossier des archives du GAR ne peut pas se créer ({erreur.strerror}).",
            remede="le créer, ou en choisir un autre par « --dossier » ou [gar] dossier.",
            lieu=str(dossier),
        ) from erreur


def _lire(base: BaseDeDonnees, travail: _Travail) -> dict[str, Effectif]:
    """Écrit tous les fichiers depuis un seul instantané ; rend les effectifs de l'envoi d'avant."""
    with base.academie("GAR : export") as session:
        _prendre_un_instantane(session)
        ouverts, avant = _etablissements(session, travail.demande.uais)
        jour = travail.horloge.aujourd_hui()
        toutes = FenetreGar(
            jour, annee_scolaire(jour), tuple(sorted(u for u, (o, _) in ouverts.items() if o))
        )
        attribuer(session, toutes, travail.instant)
        for degre in FluxGar:
            du_flux = {uai: ouvert for uai, (ouvert, d) in ouverts.items() if d is degre}
            # Un flux dont la dernière école a fermé part une fois vide : le GAR oublie ses personnes.
            if du_flux:
                uais = tuple(sorted(uai for uai, ouvert in du_flux.items() if ouvert))
                _ecrire_un_flux(session, travail, degre, FenetreGar(jour, toutes.annee, uais))
        if travail.demande.simulation:
            session.rollback()
    return avant


def _prendre_un_instantane(session: Session) -> None:
    """Toutes les passes voient la base du même instant, et un seul export court à la fois."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    session.execute(text("set local statement_timeout = 0"))
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_VERROU))):
        raise OperationRefusee(
            "un autre export vers le GAR est en cours.", remede="attendre sa fin, puis recommencer."
        )


def _etablissements(
    session: Session, demandes: Iterable[str]
) -> tuple[dict[str, tuple[bool, FluxGar]], dict[str, Effectif]]:
    """Les établissements du prochain envoi, ou à oublier ; et ce qu'avaient ceux qui restent."""
    enonce = (
        select(GarEtablissement, Etablissement.degre, Etablissement.ferme_le)
        .join(Etablissement, Etablissement.uai == GarEtablissement.uai)
        .where(or_(GarEtablissement.ouvert, GarEtablissement.exporte_le.is_not(None)))
    )
    voulus = set(demandes)
    trouves: dict[str, tuple[bool, FluxGar]] = {}
    avant: dict[str, Effectif] = {}
    for etat, degre, ferme_le in session.execute(enonce):
        ouvert = etat.ouvert and ferme_le is None
        if degre not in _DEGRES or (voulus and not (ouvert and etat.uai in voulus)):
            continue
        trouves[etat.uai] = (ouvert, _DEGRES[degre])
        if ouvert and etat.exporte_le is not None and not etat.baisse_acceptee:
            avant[etat.uai] = Effectif(etat.eleves, etat.personnels)
    if manquants := sorted(voulus - set(trouves)):
        raise Introuvable(
            f"le GAR n'est pas ouvert dans : {', '.join(manquants)}.",
            remede="l'ouvrir à la page du GAR de l'établissement, ou par « ent gar ouvrir ».",
        )
    if not trouves:
        raise OperationRefusee(
            "aucun établissement n'a ouvert le GAR : il n'y a rien à exporter.",
            remede="l'ouvrir à la page du GAR d'un établissement, ou par « ent gar ouvrir ».",
        )
    return trouves, avant


def _ecrire_un_flux(session: Session, travail: _Travail, degre: FluxGar, fenetre: FenetreGar) -> None:
    nom = NomPaquet(travail.ent, travail.instant, degre)
    paquet = travail.pile.enter_context(Paquet(travail.demande.dossier, nom))
    passes = Passes(session, fenetre, paquet, travail.releve, travail.avancer)
    passes.tout()
    travail.flux.append(passes)


def _relire(travail: _Travail) -> None:
    """Relit chaque archive comme le GAR la lira ; un défaut ici est une faute de l'ENT, et rien ne part."""
    for passes in travail.flux:
        paquet = passes.paquet
        md5 = paquet.achever()
        travail.avancer(f"{paquet.nom.degre} relecture", 0, 1)
        if defauts := verifier(paquet.chemin, nom=paquet.nom.archive).defauts:
            raise OperationRefusee(
                f"l'archive écrite ne suit pas le format du GAR : {defauts[0]}",
                remede="prévenir les mainteneurs de l'ENT, avec cette phrase ; rien n'est publié.",
                lieu=paquet.nom.archive,
            )
        noeuds = {genre.value: nombre for genre, nombre in paquet.noeuds.items()}
        travail.archives.append((paquet, ArchiveGar(paquet.nom.archive, md5, paquet.fichiers, noeuds)))
        travail.avancer(f"{paquet.nom.degre} relecture", 1, 1)


def _noter(base: BaseDeDonnees, travail: _Travail) -> None:
    comptes = _comptes(travail)
    with base.academie("GAR : suivi de l'export") as session:
        if travail.demande.uais:
            for uai, compte in comptes.items():
                suivi.consigner_envoi(session, travail.horloge, "gar.extrait", uai, compte)
            return
        archives = {uai: passes.paquet.nom.archive for passes in travail.flux for uai in passes.fenetre.uais}
        suivi.noter(session, travail.horloge, comptes, travail.releve.montrees(), archives)


def _publier(travail: _Travail) -> None:
    travail.releve.publier(travail.demande.dossier / _nom_du_releve(travail))
    for paquet, archive in travail.archives:
        paquet.publier(archive.md5)


def _comptes(travail: _Travail) -> dict[str, ComptesGar]:
    releve = travail.releve
    return {
        uai: ComptesGar(
            passes.eleves[uai], passes.personnels[uai], passes.structures[uai], releve.ecartes[uai],
            releve.incompletes[uai],
        )
        for passes in travail.flux
        for uai in passes.fenetre.uais
    }  # fmt: skip


def _nom_du_releve(travail: _Travail) -> str:
    return NomPaquet(travail.ent, travail.instant, FluxGar.SECOND).releve


def _rapport(travail: _Travail) -> RapportGar:
    return RapportGar(
        archives=tuple(archive for _, archive in travail.archives),
        etablissements=_comptes(travail),
        anomalies=tuple(travail.releve.montrees()),
        total_anomalies=travail.releve.total,
        releve="" if travail.demande.simulation else _nom_du_releve(travail),
    )

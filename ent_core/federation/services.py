"""Le registre des services tiers : ceux du fichier et des briques, et ceux que l'on déclare en ligne.

Rien n'est ouvert sans une déclaration entière : qui, pourquoi, à quel titre, quoi. Un même début d'adresse
peut être déclaré deux fois, pour deux écoles, avec deux gabarits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as inserer
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import BaseLegale
from ent_core.contrat.roles import Profil
from ent_core.contrat.services import OptionsOidc, OptionsSaml, Protocole, ServiceTiers
from ent_core.contrat.uai import UAI
from ent_core.donnees.base import Base
from ent_core.federation import protocoles
from ent_core.federation.adresses import lire_adresse
from ent_core.federation.fournisseur_oidc.extinction import eteindre_service
from ent_core.federation.fournisseur_saml.partenaire import lire_partenaire, reduire
from ent_core.federation.gabarits import GABARITS, SourceAttribut
from ent_core.federation.modeles import ServiceDeclare, ServiceFerme
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable

__all__ = [
    "MotifService",
    "ServiceConnu",
    "changer_metadonnees",
    "changer_secret",
    "connus",
    "controler",
    "declarer",
    "empeche",
    "fermer_ici",
    "fermes_ici",
    "pour",
    "recu_par",
    "retirer",
    "rouvrir_ici",
    "suspendre",
]

_CLE = re.compile(r"[a-z][a-z0-9-]{1,39}")
_LONGUEURS = {"nom": 80, "finalite": 300, "destinataire": 120, "contact": 120}
_table = Base.metadata.tables[ServiceDeclare.__tablename__]
_s = _table.c
_fermes = Base.metadata.tables[ServiceFerme.__tablename__]
_CHAMPS = (
    _s.id, _s.cle, _s.nom, _s.adresse, _s.profils, _s.etablissements, _s.finalite, _s.base, _s.destinataire,
    _s.contact, _s.gabarit, _s.attributs, _s.protocole, _s.options, _s.actif, _s.debut, _s.fin, _s.origine,
    _s.declare_le,
)  # fmt: skip
_EN_VIGUEUR = select(*_CHAMPS).where(_s.retire_le.is_(None)).order_by(_s.nom, _s.cle)


class MotifService(StrEnum):
    """Pourquoi un service ne s'ouvre pas."""

    INCONNU = "inconnu"
    ECOLE = "ecole"
    PROFIL = "profil"
    SUSPENDU = "suspendu"
    DATES = "dates"


@dataclass(frozen=True, slots=True)
class ServiceConnu:
    """Un service et d'où vient sa déclaration.

    :param origine: ``fichier``, ``brique``, ``page`` ou ``commande``.
    :param brique: brique qui le déclare ; il n'est ouvert que là où elle l'est.
    :param actif: faux, il est suspendu partout.
    :param id: ligne de la table ; absente d'un service du fichier ou d'une brique.
    """

    service: ServiceTiers
    origine: str
    brique: str = ""
    actif: bool = True
    id: UUID | None = None
    declare_le: datetime | None = None


def connus(session: Session, declares: Sequence[ServiceConnu]) -> list[ServiceConnu]:
    """Tous les services déclarés, par nom.

    :param session: session ouverte.
    :param declares: ceux du fichier et des briques.
    """
    pris = {connu.service.cle for connu in declares}
    lus = [_lire(ligne) for ligne in session.execute(_EN_VIGUEUR)]
    tous = [*declares, *(connu for connu in lus if connu.service.cle not in pris)]
    return sorted(tous, key=lambda connu: (connu.service.nom.casefold(), connu.service.cle))


def fermes_ici(session: Session, uai: str) -> frozenset[str]:
    """Services qu'un établissement n'ouvre pas.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    return frozenset(session.scalars(select(_fermes.c.cle).where(_fermes.c.uai == uai)))


def pour(
    services: Sequence[ServiceConnu],
    url: str,
    uai: str,
    profil: str,
    jour: date,
    *,
    fermes: frozenset[str],
    briques: frozenset[str],
    permis: frozenset[str],
) -> ServiceConnu | MotifService:
    """Le service qu'une adresse désigne, pour cette école et ce profil ; sinon, pourquoi il ne s'ouvre pas.

    Le chemin le plus précis l'emporte.

    :param services: services connus.
    :param url: adresse reçue.
    :param fermes: services que l'établissement n'ouvre pas.
    :param briques: briques actives de l'établissement.
    :param permis: hôtes admis sans https.
    """
    admis = [c for c in services if lire_adresse(c.service.adresse, permis).admet(url)]
    admis.sort(key=lambda c: len(c.service.adresse), reverse=True)
    motif = MotifService.INCONNU
    for connu in admis:
        refus = empeche(connu, uai, profil, jour, fermes, briques)
        if refus is None:
            return connu
        motif = refus if motif is MotifService.INCONNU else motif
    return motif


def empeche(
    connu: ServiceConnu, uai: str, profil: str, jour: date, fermes: frozenset[str], briques: frozenset[str]
) -> MotifService | None:
    """Ce qui empêche un service de s'ouvrir à ce profil, dans cette école ; ``None`` si rien.

    :param connu: service.
    :param fermes: services que l'établissement n'ouvre pas.
    :param briques: briques actives de l'établissement.
    """
    service = connu.service
    if not service.concerne(uai) or service.cle in fermes or (connu.brique and connu.brique not in briques):
        return MotifService.ECOLE
    if profil not in service.profils:
        return MotifService.PROFIL
    if not connu.actif:
        return MotifService.SUSPENDU
    return None if service.en_vigueur(jour) else MotifService.DATES


def recu_par(service: ServiceTiers) -> tuple[str, ...]:
    """Ce qu'un service apprend d'une personne, en clair, une fois chacun.

    :param service: service.
    """
    gabarit = GABARITS[service.gabarit]
    principal = [gabarit.principal]
    if isinstance(service.options, OptionsSaml):  # il nomme à sa façon : d'un nom durable, ou passager
        principal = [SourceAttribut.OPAQUE] if service.options.persistant else []
    sources = [*principal, *(a.source for a in gabarit.retenus(service.attributs))]
    return tuple(dict.fromkeys(source.value for source in sources))


def controler(service: ServiceTiers, permis: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Ce qui manque à une déclaration, ou s'y contredit : champ, et phrase.

    :param service: déclaration.
    :param permis: hôtes admis sans https.
    """
    if not _CLE.fullmatch(service.cle):
        yield "cle", "une clé a de 2 à 40 minuscules, chiffres ou tirets, et commence par une lettre"
    for champ, longueur in _LONGUEURS.items():
        texte = getattr(service, champ)
        if (not texte.strip() and champ != "contact") or len(texte) > longueur:
            yield champ, f"ce texte est vide, ou dépasse {longueur} caractères"
    try:
        lire_adresse(service.adresse, permis)
    except DonneeInvalide as refus:
        yield "adresse", refus.message.rstrip(".")
    if not service.profils:
        yield "profils", "aucun profil n'y entre : en choisir un au moins"
    gabarit = GABARITS.get(service.gabarit)
    if gabarit is None:
        yield "gabarit", f"gabarit inconnu ; choisir parmi {', '.join(GABARITS)}"
    elif inconnus := set(service.attributs) - {a.nom for a in gabarit.attributs}:
        yield "attributs", f"le gabarit n'a pas d'attribut « {min(inconnus)} »"
    if any(not UAI.fullmatch(uai) for uai in service.etablissements):
        yield "etablissements", "un code UAI a sept chiffres et une lettre"
    yield from protocoles.controler(service.options, permis)
    if service.debut and service.fin and service.fin <= service.debut:
        yield "fin", "la fin précède le début"


def declarer(
    session: Session,
    horloge: Horloge,
    service: ServiceTiers,
    declares: Sequence[ServiceConnu],
    *,
    permis: frozenset[str],
    origine: str,
    acteur: UUID | None = None,
    uai: str | None = None,
) -> UUID:
    """Ouvre un service ; rend le numéro de sa déclaration.

    :param session: session ouverte.
    :param service: déclaration.
    :param declares: services du fichier et des briques, dont les clés sont prises.
    :param origine: ``page`` ou ``commande``.
    :param acteur: personne qui déclare.
    :param uai: établissement d'où l'on déclare ; ``None`` pour l'académie.
    :raises DonneeInvalide: déclaration incomplète, ou clé déjà prise.
    """
    for champ, phrase in controler(service, permis):
        raise DonneeInvalide(f"{phrase}.", remede="corriger ce champ.", lieu=champ)
    if any(connu.service.cle == service.cle for connu in connus(session, declares)):
        raise DonneeInvalide(
            f"la clé « {service.cle} » est déjà celle d'un service.",
            remede="en choisir une autre.",
            lieu="cle",
        )
    numero: UUID = session.execute(
        insert(_table)
        .values(
            **{champ: getattr(service, champ) for champ in ("cle", "adresse", "gabarit", "debut", "fin")},
            **{champ: getattr(service, champ).strip() for champ in _LONGUEURS},
            profils=sorted(service.profils),
            etablissements=sorted(service.etablissements),
            base=service.base.name,
            attributs=list(service.attributs),
            protocole=service.protocole.value,
            options=protocoles.ecrire(service.options),
            origine=origine,
            declare_par=acteur,
            declare_le=horloge.maintenant(),
        )
        .returning(_s.id)
    ).scalar_one()
    consigner(
        session, horloge, "service.declare", uai=uai, acteur=acteur, objet=service.cle,
        details={"gabarit": service.gabarit, "ecoles": len(service.etablissements)},
    )  # fmt: skip
    return numero


def retirer(session: Session, horloge: Horloge, cle: str, *, acteur: UUID | None, uai: str | None) -> None:
    """Ferme un service pour toujours ; sa ligne reste, comme preuve de ce qui est sorti.

    :param cle: identifiant du service.
    :param uai: établissement d'où l'on agit : le service n'est qu'à lui ; ``None`` pour l'académie.
    :raises Introuvable: il n'existe pas, n'est pas qu'à cet établissement, ou vient du fichier.
    """
    _changer(session, cle, uai, retire_le=horloge.maintenant(), retire_par=acteur)
    eteindre_service(session, horloge, cle)
    consigner(session, horloge, "service.retire", uai=uai, acteur=acteur, objet=cle)


def suspendre(
    session: Session, horloge: Horloge, cle: str, *, actif: bool, acteur: UUID | None, uai: str | None
) -> None:
    """Suspend un service partout où il est ouvert, ou le rouvre.

    :param cle: identifiant du service.
    :param actif: vrai pour le rouvrir.
    :param uai: comme pour ``retirer``.
    :raises Introuvable: comme pour ``retirer``.
    """
    _changer(session, cle, uai, actif=actif)
    if not actif:
        eteindre_service(session, horloge, cle)
    acte = "service.repris" if actif else "service.suspendu"
    consigner(session, horloge, acte, uai=uai, acteur=acteur, objet=cle)


def changer_secret(
    session: Session, horloge: Horloge, cle: str, empreinte: str, *, acteur: UUID | None, uai: str | None
) -> None:
    """Donne un autre secret à un service OpenID Connect ; l'ancien ne vaut plus rien.

    :param cle: identifiant du service.
    :param empreinte: empreinte du secret neuf.
    :param uai: comme pour ``retirer``.
    :raises Introuvable: comme pour ``retirer``, ou le service n'a pas de secret.
    """
    lu = session.execute(_EN_VIGUEUR.where(_s.cle == cle)).one_or_none()
    options = _lire(lu).service.options if lu else None
    if not isinstance(options, OptionsOidc) or not options.secret:
        raise Introuvable("ce service n'a pas de secret.", remede="revenir à la page du service.")
    _changer(session, cle, uai, options=protocoles.ecrire(replace(options, secret=empreinte)))
    consigner(session, horloge, "service.secret_change", uai=uai, acteur=acteur, objet=cle)


def changer_metadonnees(
    session: Session,
    horloge: Horloge,
    cle: str,
    document: str,
    *,
    permis: frozenset[str],
    acteur: UUID | None,
    uai: str | None,
) -> None:
    """Remplace les métadonnées d'un service SAML : ses certificats changent, ce qu'il reçoit ne change pas.

    :param cle: identifiant du service.
    :param document: métadonnées que l'éditeur vient de remettre.
    :param permis: hôtes admis sans https.
    :param uai: comme pour ``retirer``.
    :raises DonneeInvalide: illisibles, incomplètes, expirées, ou d'un autre service.
    :raises Introuvable: comme pour ``retirer``, ou le service n'est pas SAML.
    """
    lu = session.execute(_EN_VIGUEUR.where(_s.cle == cle)).one_or_none()
    options = _lire(lu).service.options if lu else None
    if not isinstance(options, OptionsSaml):
        raise Introuvable("ce service n'a pas de métadonnées.", remede="revenir à la page du service.")
    neuves = replace(options, metadonnees=reduire(document, horloge.maintenant()))
    refus = [phrase for _, phrase in protocoles.controler(neuves, permis)]
    if lire_partenaire(neuves.metadonnees).entite != lire_partenaire(options.metadonnees).entite:
        refus.append("elles décrivent un autre service (leur entityID n'est pas le même)")
    if refus:
        raise DonneeInvalide(f"{refus[0]}.", remede="redemander ce document à l'éditeur.", lieu="metadonnees")
    _changer(session, cle, uai, options=protocoles.ecrire(neuves))
    consigner(session, horloge, "service.metadonnees_changees", uai=uai, acteur=acteur, objet=cle)


def fermer_ici(session: Session, horloge: Horloge, cle: str, *, uai: str, acteur: UUID | None) -> None:
    """Un établissement n'ouvre pas un service qui lui est proposé. Sans effet s'il l'a déjà dit.

    :param cle: identifiant du service.
    :param uai: établissement.
    """
    session.execute(inserer(_fermes).values(uai=uai, cle=cle).on_conflict_do_nothing())
    eteindre_service(session, horloge, cle, uai)
    consigner(session, horloge, "service.ferme", uai=uai, acteur=acteur, objet=cle)


def rouvrir_ici(session: Session, horloge: Horloge, cle: str, *, uai: str, acteur: UUID | None) -> None:
    """Un établissement revient sur ``fermer_ici``.

    :param cle: identifiant du service.
    :param uai: établissement.
    """
    session.execute(_fermes.delete().where(_fermes.c.uai == uai, _fermes.c.cle == cle))
    consigner(session, horloge, "service.rouvert", uai=uai, acteur=acteur, objet=cle)


def _changer(session: Session, cle: str, uai: str | None, **valeurs: object) -> None:
    enonce = update(_table).where(_s.cle == cle, _s.retire_le.is_(None)).values(**valeurs).returning(_s.id)
    if uai is not None:
        enonce = enonce.where(_s.etablissements == [uai])
    if session.scalar(enonce) is None:
        raise Introuvable(
            "ce service n'est pas de ceux que l'on change ici.",
            remede="un service du fichier, d'une brique ou de l'académie se change là où il est déclaré.",
        )


def _lire(ligne: object) -> ServiceConnu:
    lu = {colonne.name: getattr(ligne, colonne.name) for colonne in _CHAMPS}
    service = ServiceTiers(
        **{
            nom: lu[nom]
            for nom in ("cle", "nom", "adresse", "finalite", "destinataire", "contact", "gabarit")
        },
        profils=frozenset(Profil(profil) for profil in lu["profils"]),
        base=BaseLegale[lu["base"]],
        attributs=tuple(lu["attributs"]),
        etablissements=tuple(lu["etablissements"]),
        options=protocoles.lire(Protocole(lu["protocole"]), lu["options"]),
        debut=lu["debut"],
        fin=lu["fin"],
    )
    return ServiceConnu(service, lu["origine"], "", lu["actif"], lu["id"], lu["declare_le"])

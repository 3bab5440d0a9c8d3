"""La validation d'un ticket : le brûler, puis relire tout ce qui a pu changer depuis qu'il a été donné."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from ent_core.contrat.services import OptionsCas, Protocole
from ent_core.donnees.base import Base
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.federation.adresses import sans_ticket
from ent_core.federation.cas.reponses import CodeEchec, Echec, Reussite
from ent_core.federation.cas.tickets import TicketBrule, bruler
from ent_core.federation.emission import compte_en_regle, compter, dire
from ent_core.federation.parties import inscrire
from ent_core.federation.services import ServiceConnu, connus, fermes_ici, pour
from ent_core.identite.contextes import contextes_possibles
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import SessionWeb
from ent_core.identite.secrets import Coffre
from ent_core.identite.sessions import EN_ATTENTE
from ent_core.socle.calendrier import Horloge

__all__ = ["DemandeCas", "ServeurCas", "valider"]

_s = Base.metadata.tables[SessionWeb.__tablename__].c


@dataclass(frozen=True, slots=True)
class ServeurCas:
    """Ce dont la validation a besoin.

    :param declares: services du fichier et des briques.
    :param permis: hôtes admis sans https.
    """

    base: BaseDeDonnees
    horloge: Horloge
    coffre: Coffre
    declares: Sequence[ServiceConnu]
    permis: frozenset[str]


@dataclass(frozen=True, slots=True)
class DemandeCas:
    """Ce qu'un service demande.

    :param service: adresse du service, telle que reçue.
    :param renew: n'admettre qu'une personne qui vient de prouver qui elle est.
    :param mandataire: le service demande à agir au nom de la personne (``pgtUrl``).
    :param attributs: le point de validation en donne (protocole 3.0).
    """

    ticket: str
    service: str
    renew: bool = False
    mandataire: bool = False
    attributs: bool = True


def valider(serveur: ServeurCas, demande: DemandeCas) -> Reussite | Echec:
    """Valide un ticket, une fois.

    :param serveur: instance.
    :param demande: demande du service.
    """
    if not demande.ticket or not demande.service:
        return Echec(CodeEchec.INVALID_REQUEST, "Les paramètres « service » et « ticket » sont exigés.")
    if demande.ticket.startswith(("PT-", "PGT-")):
        return Echec(CodeEchec.INVALID_TICKET_SPEC, "Ce serveur ne donne pas de ticket de mandataire.")
    with serveur.base.unite(Portage("cas : ticket présenté")) as session:
        brule = bruler(session, demande.ticket)
    if brule is None:
        return Echec(CodeEchec.INVALID_TICKET, "Ce ticket est inconnu, ou il a déjà servi.")
    with serveur.base.academie("services tiers : réponse à un service") as session:
        reponse = _repondre(session, serveur, demande, brule)
        if isinstance(reponse, Echec):
            consigner(
                session, serveur.horloge, "service.ticket_refuse", uai=brule.uai, acteur=brule.personne_id,
                objet=brule.service, details={"code": reponse.code.value},
            )  # fmt: skip
    return reponse


def _repondre(
    session: Session, serveur: ServeurCas, demande: DemandeCas, brule: TicketBrule
) -> Reussite | Echec:
    horloge = serveur.horloge
    if sans_ticket(demande.service) != brule.adresse:
        return Echec(CodeEchec.INVALID_SERVICE, "Ce ticket a été donné pour une autre adresse.")
    if demande.mandataire:
        return Echec(CodeEchec.UNAUTHORIZED_SERVICE_PROXY, "Aucun service n'agit au nom d'une personne.")
    if brule.expire_le <= horloge.maintenant():
        return Echec(CodeEchec.INVALID_TICKET, "Ce ticket a expiré.")
    if demande.renew and not brule.principal:
        return Echec(CodeEchec.INVALID_TICKET, "Ce ticket vient d'une connexion antérieure.")
    connu = _service(session, serveur, brule)
    if connu is None:
        return Echec(CodeEchec.UNAUTHORIZED_SERVICE, "Ce service n'est plus ouvert à cette personne.")
    vivante = _session_vivante(session, brule)
    if vivante is None or not _encore_la(session, horloge, brule):
        return Echec(CodeEchec.INVALID_TICKET, "Cette session est fermée.")
    service, jour = connu.service, horloge.aujourd_hui()
    options = service.selon(OptionsCas)
    dit = dire(
        session, serveur.coffre, service, brule.personne_id, brule.uai, brule.profil, jour, vivante.creee_le
    )
    if not dit.principal:
        return Echec(CodeEchec.INTERNAL_ERROR, "Ce compte n'a pas l'identifiant que ce service attend.")
    inscrire(
        session, horloge, session_id=brule.session_id, personne_id=brule.personne_id, uai=brule.uai,
        service=service.cle, protocole=Protocole.CAS, nom_de_session=demande.ticket,
        adresse=brule.adresse, avis=options.deconnexion,
    )  # fmt: skip
    compter(session, service.cle, brule.uai, brule.profil, jour)
    if not (demande.attributs or options.attributs_en_2):
        return Reussite(dit.principal)
    du_protocole = {
        "authenticationDate": (vivante.creee_le.isoformat(timespec="seconds"),),
        "longTermAuthenticationRequestTokenUsed": ("false",),
        "isFromNewLogin": ("true" if brule.principal else "false",),
    }
    return Reussite(dit.principal, {**du_protocole, **dit.attributs})


def _service(session: Session, serveur: ServeurCas, brule: TicketBrule) -> ServiceConnu | None:
    """Le service du ticket, s'il est encore ouvert à cette école et à ce profil."""
    declares = connus(session, serveur.declares)
    siens = [c for c in declares if (c.service.cle, c.service.protocole) == (brule.service, Protocole.CAS)]
    trouve = pour(
        siens, brule.adresse, brule.uai, brule.profil, serveur.horloge.aujourd_hui(),
        fermes=fermes_ici(session, brule.uai), briques=frozenset(c.brique for c in siens),
        permis=serveur.permis,
    )  # fmt: skip
    return trouve if isinstance(trouve, ServiceConnu) else None


def _session_vivante(session: Session, brule: TicketBrule) -> Row[*tuple[object, ...]] | None:
    """La session d'où vient le ticket, si elle, son compte et sa personne sont toujours en règle."""
    return session.execute(
        select(_s.creee_le).where(
            _s.id == brule.session_id,
            _s.niveau > EN_ATTENTE,
            compte_en_regle(_s.compte_id, _s.methode).exists(),
        )
    ).one_or_none()


def _encore_la(session: Session, horloge: Horloge, brule: TicketBrule) -> bool:
    """La personne agit encore à ce titre dans cet établissement."""
    titres = contextes_possibles(session, brule.personne_id, horloge.aujourd_hui())
    return any((t.uai, t.profil) == (brule.uai, brule.profil) for t in titres)

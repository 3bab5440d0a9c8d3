"""Le guichet des droits : la file des demandes par échéance, leur instruction, la relecture, la réponse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.identite import annuaire
from ent_core.identite.lectures import PersonneNommee, nommer
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable
from ent_core.vie_privee.conservation.gels import NatureGel, poser
from ent_core.vie_privee.droits import copies, demandes, oppositions
from ent_core.vie_privee.droits.avis import MOTIFS, MotifRefus, rendre_avis
from ent_core.vie_privee.droits.demandes import Association, Controle
from ent_core.vie_privee.droits.graphe import compter, places
from ent_core.vie_privee.droits.modeles import Demande
from ent_core.vie_privee.droits.oppositions import Voie
from ent_core.vie_privee.droits.qualite import Qualite, ecoles_de, qualite_de, responsables_de
from ent_core.vie_privee.publication.droits import Droit
from ent_core.web.admin.pages import ReponsePage, de_l_academie, lire, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import (
    CONTROLES,
    DROITS,
    academie,
    droit_choisi,
    fiche,
    guichet,
    identifiant,
    traitement_choisi,
)
from ent_core.web.vie_privee.droits_saisies import (
    SaisieFile,
    SaisiePapier,
    SaisieProlongation,
    SaisieRefus,
    SaisieRelecture,
    SaisieReponse,
)

__all__ = ["droits"]

droits = Blueprint("vie_privee_droits", __name__, url_prefix="/vie-privee/demandes")
"""Pages du guichet."""

PERMISSION = "noyau.droits"
_COPIE = (Droit.ACCES.name.lower(), Droit.PORTABILITE.name.lower())
_ASSOCIATIONS = [
    (Association.INFORME.value, "Informé"),
    (Association.ENTENDU.value, "Entendu"),
    (Association.TROP_JEUNE.value, "Trop jeune pour l'être"),
]
_REVUE = timedelta(days=365)


def _ou() -> str | None:
    return None if de_l_academie() else contexte_courant().uai


@droits.get("/", endpoint="liste")
@exige(PERMISSION)
def file_d_attente() -> str:
    closes = lire(SaisieFile())["closes"]
    with academie("voir les demandes de droits") as session:
        lues = demandes.lister(session, _ou(), closes=closes)
        noms = _noms(session, lues)
        fiches = [fiche(d, contexte_courant().jour) for d in lues]
    return render_template(
        "vie_privee/droits.html", fiches=fiches, noms=noms, closes=closes, academie=de_l_academie(),
        retards=sum(f.delai == "en_retard" for f in fiches),
    )  # fmt: skip


@droits.get("/<uai>/<uuid:demande_id>", endpoint="demande")
@exige(PERMISSION)
def page_demande(uai: str, demande_id: UUID) -> str:
    return _page(uai, demande_id, {})


@droits.post("/<uai>/<uuid:demande_id>/prendre")
@exige(PERMISSION)
def prendre(uai: str, demande_id: UUID) -> ReponseWerkzeug:
    with academie("instruire une demande") as session:
        demandes.prendre(session, instance().horloge, _trouver(session, uai, demande_id), _moi())
    return _revenir(uai, demande_id, "Vous instruisez cette demande.")


@droits.post("/<uai>/<uuid:demande_id>/prolonger")
@exige(PERMISSION)
def prolonger(uai: str, demande_id: UUID) -> ReponsePage:
    def agir(session: Session, demande: Demande, saisie: dict[str, Any]) -> str:
        demandes.prolonger(session, instance().horloge, demande, saisie["motif"], _moi())
        return "Le délai est porté à trois mois. La personne le voit sur sa demande."

    return _acte(uai, demande_id, SaisieProlongation(), agir)


@droits.post("/<uai>/<uuid:demande_id>/repondre")
@exige(PERMISSION)
def repondre(uai: str, demande_id: UUID) -> ReponsePage:
    def agir(session: Session, demande: Demande, saisie: dict[str, Any]) -> str:
        horloge = instance().horloge
        if demande.droit in _COPIE and copies.copie_de(session, horloge, demande) is None:
            raise DonneeInvalide("la copie n'est pas prête.", remede="la préparer avant de répondre.")
        _appliquer(session, demande, saisie["texte"])
        demandes.repondre(session, horloge, demande, saisie["texte"], _moi(), _association(saisie))
        return "La réponse est donnée."

    return _acte(uai, demande_id, SaisieReponse(), agir)


@droits.post("/<uai>/<uuid:demande_id>/refuser")
@exige(PERMISSION)
def refuser(uai: str, demande_id: UUID) -> ReponsePage:
    def agir(session: Session, demande: Demande, saisie: dict[str, Any]) -> str:
        demandes.refuser(
            session, instance().horloge, demande, MotifRefus(saisie["motif"]), saisie["texte"], _moi(),
            _association(saisie),
        )  # fmt: skip
        return "Le refus est donné, avec son motif et les voies de recours."

    return _acte(uai, demande_id, SaisieRefus(), agir)


@droits.post("/<uai>/<uuid:demande_id>/copie")
@exige(PERMISSION, reauthentification=True)
def fabriquer(uai: str, demande_id: UUID) -> ReponseWerkzeug:
    with academie("préparer une copie") as session:
        demande = _trouver(session, uai, demande_id)
        _exiger_copie(demande)
        reste = copies.preparer_relecture(session, instance().registre, demande)
        if not reste:
            guichet().fabriquer(session, demande, _moi())
    if reste:
        return redirect(url_for("vie_privee_droits.relire", uai=uai, demande_id=demande_id))
    return _revenir(uai, demande_id, "La copie est prête. Elle est remise avec la réponse.")


@droits.get("/<uai>/<uuid:demande_id>/relire", endpoint="relire")
@exige(PERMISSION)
def page_relire(uai: str, demande_id: UUID) -> ReponsePage:
    return _relecture(uai, demande_id, {})


@droits.post("/<uai>/<uuid:demande_id>/relire")
@exige(PERMISSION)
def decider(uai: str, demande_id: UUID) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with academie("relire un texte") as session:
            demande = _trouver(session, uai, demande_id)
            remis = saisie["remis"] if saisie["acte"] == "remettre" else None
            copies.relire(session, instance().horloge, demande, saisie["texte"], remis, _moi())
        return redirect(url_for("vie_privee_droits.relire", uai=uai, demande_id=demande_id))

    def refaire(erreurs: dict[str, str]) -> str:
        rendue = _relecture(uai, demande_id, erreurs)
        return rendue if isinstance(rendue, str) else ""

    return traiter(SaisieRelecture(), agir, refaire)


@droits.get("/nouvelle", endpoint="nouvelle")
@exige(PERMISSION)
def page_nouvelle() -> str:
    return _formulaire({})


@droits.post("/nouvelle")
@exige(PERMISSION)
def recopier() -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        if saisie["personne"] is None:
            raise DonneeInvalide("la personne n'est pas choisie.", remede="la chercher et la choisir.")
        contexte = contexte_courant()
        with academie("recopier une demande reçue sur papier") as session:
            ecole = _ecole(session, saisie["personne"], saisie["uai"])
            demandeur = identifiant(saisie["demandeur"])
            qualite = Qualite.MANDATAIRE
            if demandeur is not None:
                qualite = qualite_de(session, demandeur, saisie["personne"], contexte.jour)
            demande = demandes.deposer(
                session, instance().horloge, uai=ecole, personne=saisie["personne"],
                demandeur=demandeur, qualite=qualite, droit=droit_choisi(saisie["droit"]),
                traitement=traitement_choisi(saisie["traitement"]), precisions=saisie["precisions"],
                source=Voie.PAPIER, controle=Controle(saisie["controle"]), recue_le=saisie["recue_le"],
                saisie_par=contexte.personne_id,
            )  # fmt: skip
            uai, demande_id, numero = demande.uai, demande.id, demandes.numero(demande)
        return _revenir(uai, demande_id, f"La demande {numero} est reçue. Imprimez l'accusé de réception.")

    return traiter(SaisiePapier(), agir, _formulaire)


def _page(uai: str, demande_id: UUID, erreurs: dict[str, str]) -> str:
    registre, jour = instance().registre, contexte_courant().jour
    with academie("voir une demande de droits") as session:
        demande = _trouver(session, uai, demande_id)
        droit = droit_choisi(demande.droit)
        presents = {
            place.traitement
            for place in places(registre)
            if demande.personne_id and compter(session, place, demande.personne_id, uai)
        }
        vises = [cle for cle in sorted(presents) if demande.traitement in (None, cle)]
        copie = copies.copie_de(session, instance().horloge, demande)
        a_relire = copies.a_relire(session, demande)
        noms, dite = _noms(session, [demande]), fiche(demande, jour)
    return render_template(
        "vie_privee/demande.html",
        fiche=dite,
        noms=noms,
        avis=[rendre_avis(registre.traitements[cle], droit) for cle in vises],
        copie=copie,
        a_relire=a_relire,
        par_copie=demande.droit in _COPIE,
        associe=demande.qualite in (Qualite.RESPONSABLE, Qualite.ELEVE_MINEUR),
        associations=_ASSOCIATIONS,
        motifs=[(m.value, texte) for m, texte in MOTIFS.items()],
        controles=CONTROLES,
        saisie=request.form,
        erreurs=erreurs,
        envoye=request.endpoint.rpartition(".")[2] if request.endpoint and erreurs else "",
    )


def _relecture(uai: str, demande_id: UUID, erreurs: dict[str, str]) -> ReponsePage:
    with academie("relire un texte") as session:
        demande = _trouver(session, uai, demande_id)
        _exiger_copie(demande)
        suivant = copies.texte(session, demande)
        reste = copies.a_relire(session, demande)
        dite = fiche(demande, contexte_courant().jour)
    if suivant is None:
        return _revenir(uai, demande_id, "Tout est relu. La copie peut être préparée.")
    reference, lu = suivant
    return render_template(
        "vie_privee/demande_relire.html", fiche=dite, texte=reference, lu=lu, reste=reste, erreurs=erreurs,
        ou=f"{reference.objet}, {reference.colonne}".replace("_", " "), uai=uai,
    )  # fmt: skip


def _formulaire(erreurs: dict[str, str]) -> str:
    contexte, registre = contexte_courant(), instance().registre
    source = request.form if request.method == "POST" else request.args
    q, choisie = source.get("q", "").strip()[:100], source.get("personne", type=UUID)
    trouvees: list[Any] = []
    demandeurs: list[tuple[str, str]] = []
    nom: PersonneNommee | None = None
    ecoles: list[str] = []
    with academie("recopier une demande reçue sur papier") as session:
        if choisie is not None:
            _ecole(session, choisie, None)
            ecoles = ecoles_de(session, choisie) if _ou() is None else []
            nom = nommer(session, [choisie]).get(choisie)
            demandeurs = _demandeurs(session, choisie)
        elif q:
            trouvees = list(
                annuaire.chercher(session, q, uai=_ou(), jour=contexte.jour, annee=contexte.annee).personnes
            )
    return render_template(
        "vie_privee/demande_nouvelle.html",
        q=q,
        trouvees=trouvees,
        choisie=nom,
        demandeurs=demandeurs,
        ecoles=[(uai, uai) for uai in ecoles],
        droits=list(DROITS.items()),
        traitements=[(t.cle, t.intitule) for t in registre.traitements.values()],
        controles=list(CONTROLES.items()),
        saisie=source,
        erreurs=erreurs,
    )


def _demandeurs(session: Session, personne: UUID) -> list[tuple[str, str]]:
    """La personne si elle peut demander, ses responsables légaux, ou un mandataire."""
    jour = contexte_courant().jour
    possibles = [personne, *responsables_de(session, personne)]
    noms = nommer(session, possibles)
    proposes = []
    for qui in possibles:
        try:
            qualite_de(session, qui, personne, jour)
        except AccesRefuse:
            continue
        proposes.append((str(qui), noms[qui].libelle if qui in noms else "Personne inconnue"))
    return [*proposes, ("mandataire", "Un mandataire, sur mandat écrit")]


def _appliquer(session: Session, demande: Demande, texte: str) -> None:
    """Ce qu'une réponse favorable fait d'elle-même : accueillir l'opposition, ou limiter l'emploi."""
    ent = instance()
    if demande.personne_id is None:
        return
    if demande.droit == Droit.OPPOSITION.name.lower() and demande.traitement:
        oppositions.accueillir(
            session, ent.horloge, ent.registre.traitements[demande.traitement], demande.personne_id,
            uai=demande.uai, motif=demande.precisions or texte, source=Voie(demande.source), par=_moi(),
        )  # fmt: skip
    elif demande.droit == Droit.LIMITATION.name.lower():
        poser(
            session, ent.horloge, demande.personne_id, nature=NatureGel.LIMITATION,
            motif=f"limitation, demande {demandes.numero(demande)}", traitement=demande.traitement,
            revoir_le=ent.horloge.aujourd_hui() + _REVUE, uai=demande.uai, par=_moi(),
        )  # fmt: skip


def _acte(
    uai: str, demande_id: UUID, schema: Any, agir: Callable[[Session, Demande, dict[str, Any]], str]
) -> ReponsePage:
    def faire(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with academie("répondre à une demande") as session:
            dit = agir(session, _trouver(session, uai, demande_id), saisie)
        return _revenir(uai, demande_id, dit)

    return traiter(schema, faire, lambda erreurs: _page(uai, demande_id, erreurs))


def _trouver(session: Session, uai: str, demande_id: UUID) -> Demande:
    if _ou() not in (None, uai):
        raise Introuvable("cette demande n'existe pas ici.", remede="revenir à la liste des demandes.")
    return demandes.trouver(session, uai, demande_id)


def _exiger_copie(demande: Demande) -> None:
    if demande.droit not in _COPIE or demande.close_le is not None:
        raise Introuvable("cette demande n'appelle pas de copie.", remede="revenir à la demande.")


def _ecole(session: Session, personne: UUID, voulue: str | None) -> str:
    """Établissement qui répond : celui où l'on est, ou pour l'académie, un de ceux de la personne.

    :raises Introuvable: la personne n'est pas ici.
    """
    ici, ecoles = _ou(), ecoles_de(session, personne)
    if ici is None:
        return voulue if voulue in ecoles else (ecoles or [contexte_courant().uai])[0]
    if ici not in ecoles:
        raise Introuvable(
            "cette personne n'est pas dans cet établissement.", remede="la chercher de nouveau."
        )
    return ici


def _association(saisie: dict[str, Any]) -> Association | None:
    return Association(saisie["association"]) if saisie["association"] else None


def _noms(session: Session, lues: list[Demande]) -> dict[UUID, PersonneNommee]:
    return nommer(session, {p for d in lues for p in (d.personne_id, d.demandeur_id, d.traitee_par) if p})


def _moi() -> UUID:
    return contexte_courant().personne_id


def _revenir(uai: str, demande_id: UUID, texte: str) -> ReponseWerkzeug:
    flash(texte, "succes")
    return redirect(url_for("vie_privee_droits.demande", uai=uai, demande_id=demande_id))

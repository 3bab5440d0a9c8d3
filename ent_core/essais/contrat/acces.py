"""Qui ouvre quoi : les routes par rôle, ce qu'une autre brique obtient, les colonnes, les deux écoles."""

from __future__ import annotations

from uuid import UUID

import pytest

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.contrat.observation import refus_des_envois
from ent_core.essais.contrat.offertes import personnes_citees, personnes_hors_de_portee, portees_declarees
from ent_core.essais.contrat.socle import Commun, contient
from ent_core.essais.delegues import creer_jeton, creer_lien, lire_par_jeton, lire_par_lien
from ent_core.essais.fuites import fuites, passages
from ent_core.essais.parcours import Parcours

__all__ = ["Acces"]


class Acces(Commun):
    """Routes, rôles, colonnes, écoles."""

    def test_sans_session_rien_ne_s_ouvre(self, parcours: Parcours) -> None:
        client = parcours.instance.application.test_client()
        permis = {302: "/connexion", 401: ""}
        ecarts = [
            f"{demande} → {reponse.status_code}"
            for demande in parcours.protegees()
            for reponse in [demande.envoyer(client)]
            if reponse.status_code != (401 if demande.api else 302)
            or permis[reponse.status_code] not in (reponse.location or "")
        ]
        assert ecarts == []

    def test_un_role_sans_permission_est_refuse(self, parcours: Parcours) -> None:
        """Chaque permission devant tous ceux qui ne l'ont pas, et chaque route devant l'un d'eux."""
        vues: set[str] = set()
        ecarts = []
        for rang, demande in enumerate(parcours.protegees()):
            refuses = list(parcours.refuses(demande))
            if demande.permission in vues and refuses:
                refuses = [refuses[rang % len(refuses)]]  # jamais le même
            vues.add(demande.permission)
            ecarts += [
                f"{demande} par {role} → {statut}"
                for role in refuses
                if (statut := demande.envoyer(parcours.client(role)).status_code) != 403
            ]
        assert ecarts == []

    @pytest.mark.exigence("ENT-09")
    def test_ce_qu_une_autre_brique_obtient_reste_a_ses_destinataires(self, parcours: Parcours) -> None:
        """Par la page d'une autre brique, seul un destinataire lit, et seulement ceux qu'il atteint."""
        if not hasattr(self.brique, "ent_repondre"):
            pytest.skip("cette brique n'offre rien aux autres")
        offres = self.offres(parcours.instance.annuaire)
        assert offres, "elle répond à d'autres briques : donner une demande à laquelle elle répond, offres()"
        portees = portees_declarees(self.chargee())
        muettes, ecarts = set(offres), []
        for role, siens in parcours.roles().items():
            permises = [portees[r] for r in siens if r in portees]
            for demande in offres:
                reponses = parcours.consulter(role, demande)
                if reponses:
                    muettes.discard(demande)
                if reponses and not permises:
                    ecarts.append(f"{demande} par {role} : il n'est destinataire d'aucun traitement")
                hors = personnes_citees(reponses) & personnes_hors_de_portee(parcours, role, permises)
                ecarts += [f"{demande} par {role} : montre un élève hors de sa portée" for _ in hors]
        assert ecarts == []
        assert muettes == set(), "aucune personne de l'annuaire n'en reçoit rien : l'exemple ne prouve rien"

    def test_un_role_permis_ouvre_chaque_route(
        self, parcours: Parcours, caplog: pytest.LogCaptureFixture
    ) -> None:
        textes = self.textes(parcours.instance)
        ecarts = []
        with caplog.at_level("DEBUG", logger="ent"):
            for demande in parcours.protegees():
                statuts = {
                    role: demande.envoyer(parcours.client(role)).status_code
                    for role in parcours.permis(demande)
                }
                assert statuts, f"{demande} : aucune personne de l'annuaire n'a « {demande.permission} »"
                if demande.methode == "GET":
                    ouverte = min(statuts.values()) < 400
                else:  # un corps vide peut être refusé (422), mais pas la personne
                    ouverte = set(statuts.values()) != {403}
                if not ouverte or any(s == 401 or s >= 500 for s in statuts.values()):
                    ecarts.append(f"{demande} → {statuts}")
        assert ecarts == []
        assert refus_des_envois(parcours, self.envois(parcours.instance.annuaire)) == []
        ecrits = "\n".join(f"{trace.getMessage()} {trace.__dict__}" for trace in caplog.records)
        assert {texte for texte in textes if texte in ecrits} == set(), "un texte personnel est au journal"

    def test_un_jeton_ou_un_lien_lit_comme_la_session_ce_que_la_route_dit_lire(
        self, parcours: Parcours
    ) -> None:
        """La route n'a besoin que des traitements qu'elle dit ; en oublier un ferait refuser le portillon."""
        instance, ecarts = parcours.instance, []
        for demande in parcours.protegees():
            roles = list(parcours.permis(demande)) if demande.traitements else []
            for role in roles:
                attendu = demande.envoyer(parcours.client(role)).status_code
                if demande.api:
                    jeton = creer_jeton(instance, role, *demande.traitements)
                    obtenu = lire_par_jeton(instance, jeton, demande.adresse).status_code
                else:
                    lien = creer_lien(instance, role, demande.adresse, seul=True)
                    obtenu = lire_par_lien(instance, lien, demande.adresse).status_code
                if obtenu != (404 if attendu in (403, 404) and not demande.api else attendu):
                    ecarts.append(f"{demande} par {role} : {obtenu}, et {attendu} par sa session")
        assert ecarts == []

    def test_une_autre_ecole_ne_voit_et_ne_change_rien(self, parcours: Parcours) -> None:
        avant, ecarts = self.lignes(parcours.instance), []
        textes = self.textes(parcours.instance)
        for demande in parcours.protegees():
            for role in parcours.permis(demande):
                if f"{role}_autre" not in parcours.instance.annuaire.personnes:
                    continue
                reponse = demande.envoyer(parcours.client(f"{role}_autre"))
                nommee = any(isinstance(valeur, UUID) for valeur in demande.parametres.values())
                if nommee and reponse.status_code not in (403, 404, 422):
                    ecarts.append(f"{demande} par {role}, de l'autre collège → {reponse.status_code}")
                rendu = reponse.data  # une page, un document, une archive
                ecarts += [
                    f"{demande} montre « {t} » à l'autre collège" for t in textes if t.encode() in rendu
                ]
        assert ecarts == []
        assert contient(self.lignes(parcours.instance), avant), "une ligne d'une autre école a changé"

    def test_fermee_ici_elle_n_existe_pas_ici(self, parcours: Parcours) -> None:
        parcours.instance.fermer(parcours.brique)
        ecarts = [
            f"{demande} par {role} → {statut}"
            for demande in parcours.demandes()
            for role in parcours.permis(demande)
            if parcours.instance.uai_de(role) == ECOLE
            and (statut := demande.envoyer(parcours.client(role)).status_code) != 404
        ]
        assert ecarts == []

    @pytest.mark.exigence("RGPD-SEC-02")
    def test_chaque_role_ne_lit_et_n_ecrit_que_ce_qui_lui_est_destine(self, parcours: Parcours) -> None:
        assert list(fuites(parcours.instance.base, self.chargee())) == []

    @pytest.mark.exigence("SDET-SSI-07")
    def test_aucun_chemin_ne_mene_d_une_ecole_a_l_autre(self, parcours: Parcours) -> None:
        self.remplir(parcours.instance, AUTRE)
        assert list(passages(parcours.instance.base, self.chargee())) == []

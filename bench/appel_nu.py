"""L'appel écrit sans l'ENT : Flask, psycopg, du SQL à la main ; le plancher de ``bench.appel``.

Il reconnaît la même session, vérifie que la séance est à l'enseignant et l'élève de la séance, et écrit les
mêmes lignes dans les mêmes tables, d'une transaction par requête : l'appel, ses faits, les absences qu'ils
ouvrent, un message par responsable et le travail qui l'enverra. Il n'a ni cloisonnement, ni permissions, ni
portillon, ni trace de lecture, ni seuils, ni préférences, ni schéma, ni garde sur le nombre d'envois ; les
déclencheurs de la base, qui tracent les écritures, sont les mêmes des deux côtés.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask, abort, jsonify, request

__all__ = ["ENONCES", "application_nue"]

ENONCES = 21
"""Énoncés des trois requêtes d'un appel d'un absent et d'un retard, à un responsable chacun."""

_SESSION = """
select s.personne_id, s.uai from session_web s join compte c on c.id = s.compte_id
where s.jeton = %s and s.vue_le > %s and c.etat <> 'suspendu'
"""
_SEANCE = """
select c.debut, c.fin, c.division_id, c.annee, coalesce(m.libelle, c.matiere) from creneau c
join creneau_enseignant e on e.uai = c.uai and e.annee = c.annee and e.creneau_id = c.id
  and e.personne_id = %s
left join matiere m on m.code = c.matiere
where c.uai = %s and c.annee = 2026 and c.id = %s and c.etat <> 'annulee'
"""
_INSCRITS = """
select count(*) from inscription where uai = %s and annee = %s and division_id = %s
  and personne_id = any(%s) and debut <= %s and (fin is null or fin > %s)
"""
_APPEL = """
insert into carnet_appel (uai, annee, seance_id, debut, fin, division_id, matiere, auteur_id, fait_le,
  termine_le) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (uai, annee, seance_id, debut) do update set version = carnet_appel.version + 1,
  fait_le = excluded.fait_le, termine_le = coalesce(carnet_appel.termine_le, excluded.termine_le)
returning id, version, termine_le
"""
_FAITS = """
select eleve_id, id, nature, minutes, saisi_le from carnet_fait
where uai = %s and annee = %s and appel_id = %s and retire_le is null
"""
_FAIT = """
insert into carnet_fait (uai, annee, eleve_id, appel_id, debut, fin, nature, minutes, auteur_id, saisi_le)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
"""
_ABSENCES = """
insert into carnet_absence (uai, annee, eleve_id, genre, debut, fin, traitee_le)
select f.uai, f.annee, f.eleve_id, case f.nature when 'retard' then 'retard' else 'absence' end, f.debut,
  f.fin, %s
from carnet_fait f where f.uai = %s and f.annee = %s and f.appel_id = %s and f.retire_le is null
  and f.nature in ('absent', 'retard') and not exists (
    select from carnet_absence a where a.uai = f.uai and a.annee = f.annee and a.eleve_id = f.eleve_id
      and a.debut < f.fin and a.fin > f.debut and a.annulee_le is null)
returning eleve_id
"""
_RESPONSABLES = """
select r.eleve_id, p.id, p.courriel, p.mobile from responsabilite r join personne p on p.id = r.responsable_id
where r.eleve_id = any(%s) and r.legal > 0 and r.debut <= %s and (r.fin is null or r.fin > %s)
"""
_MESSAGE = """
insert into message (uai, personne_id, a_propos, par, lot, sujet, lien, qualite, canal, urgent, cree_le,
  visible_le, prevu_le) values (%s, %s, %s, %s, %s, 'carnet.absence', %s, 'famille', %s, true, %s, %s, %s)
"""
_TRAVAIL = "select taches.differer('noyau.envoyer_messages', %s, %s::jsonb, '10 minutes')"
_DELAI = timedelta(minutes=10)


def application_nue(adresse: str, instant: datetime) -> Flask:
    """La même route, nue.

    :param adresse: base, par le compte de l'application.
    :param instant: maintenant.
    """
    nue = Flask("bench.appel_nu")
    connexion = psycopg.connect(adresse, prepare_threshold=1, autocommit=False)
    for reglage in ("plan_cache_mode = force_generic_plan", "role ent_academie", "timezone = 'UTC'"):
        connexion.execute(f"set {reglage}".encode())
    connexion.commit()

    def noter(seance: UUID) -> Any:
        recu: dict[str, Any] = request.get_json()
        with connexion.transaction():
            return jsonify(_noter(connexion, seance, recu, instant))

    nue.add_url_rule("/api/v1/carnet/appels/<uuid:seance>", "noter", noter, methods=["PUT"])
    return nue


def _noter(
    connexion: psycopg.Connection, seance: UUID, recu: dict[str, Any], instant: datetime
) -> dict[str, Any]:
    jeton = hashlib.sha256(request.cookies["ent"].encode()).digest()
    ouverte = connexion.execute(_SESSION, (jeton, instant - timedelta(minutes=30))).fetchone() or abort(401)
    personne, uai = ouverte
    trouvee = connexion.execute(_SEANCE, (personne, uai, seance)).fetchone() or abort(404)
    debut, fin, division, annee, matiere = trouvee
    jour, changements = debut.date(), recu.get("changements", ())
    if changements:
        eleves = [UUID(c["eleve_id"]) for c in changements]
        inscrits = connexion.execute(_INSCRITS, (uai, annee, division, eleves, jour, jour)).fetchone()
        if inscrits is None or inscrits[0] != len(eleves):
            abort(422)
    termine = instant if recu.get("termine") else None
    ecrit: Any = connexion.execute(
        _APPEL, (uai, annee, seance, debut, fin, division, matiere, personne, instant, termine)
    ).fetchone()
    appel, version, termine_le = ecrit
    faits = {f[0]: f for f in connexion.execute(_FAITS, (uai, annee, appel))}
    for c in changements:
        fait = (uai, annee, UUID(c["eleve_id"]), appel, debut, fin, c["etat"], c.get("minutes"), personne)
        neuf: Any = connexion.execute(_FAIT, (*fait, instant)).fetchone()
        faits[fait[2]] = (fait[2], neuf[0], c["etat"], c.get("minutes"), instant)
    if termine is not None:
        _suites(connexion, uai, annee, appel, personne, instant)
    return {
        "version": version,
        "fait_le": instant.isoformat(),
        "termine_le": termine_le and termine_le.isoformat(),
        "conflits": [],
        "constats": [
            {
                "eleve_id": eleve, "fait_id": fait, "etat": etat, "minutes": minutes, "ailleurs": None,
                "par": None, "le": le.isoformat(),
            }
            for eleve, fait, etat, minutes, le in faits.values()
        ],
    }  # fmt: skip


def _suites(
    connexion: psycopg.Connection, uai: str, annee: int, appel: UUID, auteur: UUID, instant: datetime
) -> None:
    """Les absences que l'appel ouvre, et les familles prévenues."""
    ouvertes = connexion.execute(_ABSENCES, (instant, uai, annee, appel)).fetchall()
    if not ouvertes:
        return
    eleves, lot, prevu = [eleve for (eleve,) in ouvertes], uuid4(), instant + _DELAI
    responsables = connexion.execute(_RESPONSABLES, (eleves, instant.date(), instant.date())).fetchall()
    for eleve, responsable, courriel, mobile in responsables:
        canal = "sms" if mobile else "courriel" if courriel else "papier"
        lien = f"/carnet/famille/{eleve}"
        valeurs = (uai, responsable, eleve, auteur, lot, lien, canal, instant, prevu, prevu)
        connexion.execute(_MESSAGE, valeurs)
    cle = f"noyau.envoyer_messages:{uai}:{prevu:%Y%m%dT%H%M}"
    connexion.execute(_TRAVAIL, (cle, json.dumps({"uai": uai})))

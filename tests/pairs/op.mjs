// Un fournisseur OpenID Connect écrit par d'autres, avec un seul service et une seule personne.
// Réglages : un objet JSON en premier argument (port, client, secret, retour, sortie, sujet, attributs).
import Provider from 'oidc-provider';

const r = JSON.parse(process.argv[2]);
const op = new Provider(`http://127.0.0.1:${r.port}`, {
  clients: [{
    client_id: r.client, client_secret: r.secret, redirect_uris: [r.retour],
    backchannel_logout_uri: r.sortie, backchannel_logout_session_required: true,
    post_logout_redirect_uris: [r.apres],
  }],
  claims: { openid: ['sub'], educonnect: Object.keys(r.attributs) },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...r.attributs }) }),
  // La bibliothèque refuse d'écrire à une adresse locale : cet essai n'en connaît pas d'autre.
  fetch: (adresse, { dispatcher, ...options }) => globalThis.fetch(adresse, options),
});
op.listen(r.port, '127.0.0.1', () => console.log('prêt'));

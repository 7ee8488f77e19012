declare global {
  interface Window {
    __webpack_nonce__?: string;
  }
}

/** The word that style elements must carry to be accepted by the page's policy; new at each delivery of the page. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

// Libraries that keep the page from scrolling behind a dialog look for it under this name.
window.__webpack_nonce__ = nonce;

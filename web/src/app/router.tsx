import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from "@tanstack/react-router";
import { designerSearch } from "~/features/designer/search";
import { boardSearch, composeSearch, dispatchSearch } from "~/features/dispatches/search";
import { inboxSearch } from "~/features/inbox/search";
import { templateSearch } from "~/features/templates/search";
import { ticketSearch, ticketTab } from "~/features/tickets/search";
import { Broken } from "./Broken";
import { Missing } from "./Missing";
import { SignedIn } from "./SignedIn";
import { parseSearch, stringifySearch } from "./search-text";

const root = createRootRoute({ component: Outlet, errorComponent: Broken, notFoundComponent: Missing });
const signedIn = createRoute({ getParentRoute: () => root, id: "signed-in", component: SignedIn });

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  component: lazyRouteComponent(() => import("~/features/home/HomeScreen"), "HomeScreen"),
});
const inbox = createRoute({
  getParentRoute: () => signedIn,
  path: "/inbox",
  validateSearch: inboxSearch,
  component: lazyRouteComponent(() => import("~/features/inbox/InboxScreen"), "InboxScreen"),
});
const inboxItem = createRoute({ getParentRoute: () => inbox, path: "$itemId" });
const tickets = createRoute({
  getParentRoute: () => signedIn,
  path: "/tickets",
  validateSearch: ticketSearch,
  component: lazyRouteComponent(() => import("~/features/tickets/TicketListScreen"), "TicketListScreen"),
});
const newTicket = createRoute({
  getParentRoute: () => signedIn,
  path: "/tickets/new",
  component: lazyRouteComponent(() => import("~/features/tickets/NewTicketScreen"), "NewTicketScreen"),
});
const ticket = createRoute({
  getParentRoute: () => signedIn,
  path: "/tickets/$ticketId",
  validateSearch: ticketTab,
  component: lazyRouteComponent(() => import("~/features/tickets/TicketScreen"), "TicketScreen"),
});
const templates = createRoute({
  getParentRoute: () => signedIn,
  path: "/templates",
  validateSearch: templateSearch,
  component: lazyRouteComponent(() => import("~/features/templates/TemplateListScreen"), "TemplateListScreen"),
});
const designer = createRoute({
  getParentRoute: () => signedIn,
  path: "/templates/$templateId",
  validateSearch: designerSearch,
  component: lazyRouteComponent(() => import("~/features/designer/DesignerScreen"), "DesignerScreen"),
});
const messages = createRoute({
  getParentRoute: () => signedIn,
  path: "/messages",
  validateSearch: dispatchSearch,
  component: lazyRouteComponent(() => import("~/features/dispatches/DispatchListScreen"), "DispatchListScreen"),
});
const newMessage = createRoute({
  getParentRoute: () => signedIn,
  path: "/messages/new",
  validateSearch: composeSearch,
  component: lazyRouteComponent(() => import("~/features/dispatches/ComposeScreen"), "ComposeScreen"),
});
const message = createRoute({
  getParentRoute: () => signedIn,
  path: "/messages/$dispatchId",
  validateSearch: boardSearch,
  component: lazyRouteComponent(() => import("~/features/dispatches/BoardScreen"), "BoardScreen"),
});
const run = createRoute({
  getParentRoute: () => signedIn,
  path: "/runs/$runId",
  component: lazyRouteComponent(() => import("~/features/run/RunScreen"), "RunScreen"),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  validateSearch: (given: Record<string, unknown>) => ({ token: String(given.token ?? "") }),
  component: lazyRouteComponent(() => import("~/features/sign-in/InvitationScreen"), "InvitationScreen"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    signedIn.addChildren([
      home,
      inbox.addChildren([inboxItem]),
      tickets,
      newTicket,
      ticket,
      templates,
      designer,
      messages,
      newMessage,
      message,
      run,
    ]),
    invitation,
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

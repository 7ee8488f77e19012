import { lazy, Suspense, useState } from "react";
import { AccountButton } from "./AccountButton";
import { BellButton } from "./BellButton";

const NotificationsOpened = lazy(() => import("./NotificationsOpened"));
const AccountMenuOpened = lazy(() => import("./AccountMenuOpened"));

/** The bell and the account. What opens behind them is fetched when it is first asked for. */
export function HeaderMenus() {
  const [asked, setAsked] = useState({ notices: false, account: false });
  const bell = <BellButton aria-expanded={false} onClick={() => setAsked({ ...asked, notices: true })} />;
  const account = <AccountButton aria-expanded={false} onClick={() => setAsked({ ...asked, account: true })} />;
  return (
    <>
      <Suspense fallback={bell}>{asked.notices ? <NotificationsOpened /> : bell}</Suspense>
      <Suspense fallback={account}>{asked.account ? <AccountMenuOpened /> : account}</Suspense>
    </>
  );
}

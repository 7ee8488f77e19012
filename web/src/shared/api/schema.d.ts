// Written by scripts/schema.mjs from the API's own description. Do not edit.

export interface paths {
    "/api/v1/auth/invitation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take an invitation up: set the password and be signed in. An invitation is good once. */
        post: operations["accept_invitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in: sets the session cookie, and answers the same credential as a bearer token. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the session, for the browser and for the bearer token that came with it. */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller: account, tenant and plan, what they may do with this credential, groups, absences. */
        get: operations["who_am_i"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change one's own name, time zone or language. */
        patch: operations["change_myself"];
        trace?: never;
    };
    "/api/v1/calendars": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The desk's calendars, by name. */
        get: operations["list_all_calendars"];
        put?: never;
        /** Add a calendar; a new default takes the place of the one before. */
        post: operations["create_calendar"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dispatches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Messages that were sent, the latest first: managers and admins see the tenant's, others what they have sent. */
        get: operations["list_all_dispatches"];
        put?: never;
        /** Send a message: a run of an inbox template whose entries stand in the recipients' inboxes. */
        post: operations["send_dispatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dispatches/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The messages that can be sent, by name: published inbox templates that are active, and the data each asks for. */
        get: operations["list_sendable_templates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dispatches/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One message with a page of its recipients and the state of each one's task. */
        get: operations["get_dispatch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Upload a file for a field of a form: `multipart/form-data` with the part `file`; the field takes the id. */
        post: operations["upload_file"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Groups by name. */
        get: operations["list_groups"];
        put?: never;
        /** A new group, without members. 409 when another is called so. */
        post: operations["create_group"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What waits for the caller, newest first, with counts by kind; `status=done` shows what they have done. */
        get: operations["list_inbox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Do one thing to many items; each has a result of its own. */
        post: operations["bulk"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One item with what it asks for: its form, its options, the votes so far, or its paths with their behaviours. An */
        get: operations["get_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/{id}/choose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a path. The answer is the entry as it is then, with the behaviours that the path hands over. */
        post: operations["choose"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/{id}/claim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a group's work for oneself; it leaves the others' inboxes. */
        post: operations["claim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Complete the work: the same body as completing a step. An entry is gone on from by choosing. */
        post: operations["complete_item"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inbox/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give claimed work back to the group. */
        post: operations["release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Changes of the caller's tenant that concern them, for as long as they listen and may. */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Notices, the newest first; `meta.unread` counts those not read, up to 1000. */
        get: operations["list_notifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notifications/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mark notices as read; ids of other people's are passed over. Answers how many are marked, and left unread. */
        post: operations["mark_read"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tickets, templates and people with these words, ten of each at most. */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tickets, newest first; requesters see their own. */
        get: operations["list_all_tickets"];
        put?: never;
        /** Open a ticket and start the templates it triggers. */
        post: operations["create_ticket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One ticket, by id or number, with its links, the ids of its runs in `workflow_instances` and, for staff, what */
        get: operations["get_ticket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change some of a ticket's fields; `custom` is merged. Requesters may correct title, description and priority. */
        patch: operations["change_ticket"];
        trace?: never;
    };
    "/api/v1/tickets/{id}/comments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was said on a ticket, oldest first; requesters see what is public. */
        get: operations["list_ticket_comments"];
        put?: never;
        /** Comment on a ticket. A public one by its requester reopens it when it waits for them. */
        post: operations["add_comment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What has happened to a ticket and in its runs, oldest first. */
        get: operations["ticket_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/user-queries/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whom a query means: how many, the first fifty by name, and the query in words. `current user` is the caller. */
        post: operations["preview_user_query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** People by name. Requesters see the names of who is active, and search in names alone. */
        get: operations["list_users"];
        put?: never;
        /** A new person. 409 when somebody has that address. */
        post: operations["create_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One person; of others, requesters see the name. */
        get: operations["get_user"];
        put?: never;
        post?: never;
        /** Deactivate a person: history keeps them. Their work goes to their substitute, else back to their groups. */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        /** Change some fields. `active: false` deactivates, and hands the person's work over as DELETE does. */
        patch: operations["update_user"];
        trace?: never;
    };
    "/api/v1/workflows/instances/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One instance: status, progress, every step. */
        get: operations["get_instance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/instantiate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start a template by hand, on a ticket or on its own. */
        post: operations["instantiate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/step-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every step type: its words, its outcomes and the JSON Schema of its properties. */
        get: operations["list_step_types"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Templates, newest first. */
        get: operations["list_all_templates"];
        put?: never;
        /** Publish a definition as a new template, or keep it as a draft with `is_active: false`. */
        post: operations["create_template"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Every problem of a definition; nothing is saved. */
        post: operations["check_template"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One template with its definition and what is wrong with it. */
        get: operations["get_template"];
        /** Lay these fields over the published definition and publish the result as the next version. `is_active` alone */
        put: operations["update_template"];
        post?: never;
        /** Archive a template that nothing runs; ended runs keep their version. */
        delete: operations["archive_template"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/{id}/draft": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The working copy and what is wrong with it. */
        get: operations["get_draft"];
        /** Keep a definition as the working copy, errors and all. */
        put: operations["save_draft"];
        post?: never;
        /** Forget the working copy; the published version stays. */
        delete: operations["drop_draft"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/{id}/migrate-runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let live runs go on by another version, each at once or not at all, with a verdict for every one of them. Moving */
        post: operations["migrate_runs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make the draft the next version; running instances keep theirs. */
        post: operations["publish_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/{id}/simulate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The path a run would take with these answers: every decision with its explanation, where it would wait and for */
        post: operations["simulate_template"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The published versions, newest first: who, when, and why. */
        get: operations["get_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/templates/{id}/versions/{n}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One version with its definition. */
        get: operations["get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/ticket/{ticket_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The active and the finished instances of a ticket. */
        get: operations["instances_of_ticket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workflows/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a live run at once. What its completed steps did is undone where the template says how: `compensation`. */
        post: operations["cancel_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Acceptance
         * @description The invitation's secret, and the password to have.
         */
        Acceptance: {
            /** Token */
            token: string;
            /** Password */
            password: string;
        };
        Approval: {
            /** Format: uuid */
            id: string;
            step_id: string;
            /** @enum {string} */
            status: "pending" | "approved" | "rejected" | "cancelled";
            approvers: string[];
            rule: unknown;
            votes: {
                /** Format: uuid */
                by: string;
                /** Format: uuid */
                on_behalf_of: string | null;
                /** @enum {string} */
                decision: "approved" | "rejected";
                comment: string | null;
                /** Format: date-time */
                at: string;
            }[];
            overridden: boolean;
            /** Format: date-time */
            due_at: string | null;
        };
        /**
         * Bulk
         * @description Items, and what to do with them.
         */
        Bulk: {
            /** Ids */
            ids: string[];
            do: components["schemas"]["BulkAction"];
        };
        /**
         * BulkAction
         * @description What to do with each: `claim`, `release`, `complete` with its `answer`, `lock`, `unlock`, or `choose` with a
         *     `path` and its `data`.
         */
        BulkAction: {
            /**
             * Action
             * @enum {string}
             */
            action: "claim" | "release" | "complete" | "choose" | "lock" | "unlock";
            /** @default null */
            answer?: components["schemas"]["Completion"] | null;
            /**
             * Path
             * @default null
             */
            path?: string | null;
            /** Data */
            data?: {
                [key: string]: unknown;
            };
        };
        /**
         * CalendarBody
         * @description A calendar's fields, and whether it is the desk's default.
         */
        CalendarBody: {
            /**
             * Is Default
             * @default null
             */
            is_default?: boolean | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * CheckBody
         * @description A definition to check. `template_id` is the template it is a draft of: that one's own name is not taken.
         */
        CheckBody: {
            /**
             * Is Active
             * @default null
             */
            is_active?: boolean | null;
            /**
             * Note
             * @default null
             */
            note?: string | null;
            /**
             * Definition
             * @default null
             */
            definition?: {
                [key: string]: unknown;
            } | null;
            /**
             * Template Id
             * @default null
             */
            template_id?: string | null;
        } & {
            [key: string]: unknown;
        };
        Checked: {
            problems: components["schemas"]["Problem"][];
            states_explored: number;
            sound: boolean;
        };
        ChosenEntry: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "entry";
            /** @enum {string} */
            status: "active" | "retired" | "unreached";
            title: string;
            label: string | null;
            /** @enum {string|null} */
            label_style: "danger" | "success" | "info" | "dark" | "warning" | null;
            subtitle: string | null;
            icon: string | null;
            summary_title: string | null;
            summary: string | null;
            /** @enum {string} */
            task: "open" | "accepted" | "declined" | "in_progress" | "done" | "failed" | "cancelled";
            paths: {
                label: string;
                step: string;
                icon: string | null;
                disabled: boolean;
            }[];
            /** Format: date-time */
            due_at: string | null;
            locked_by: Record<string, never> | null;
            run: Record<string, never>;
            step_id: string | null;
            behaviors: Record<string, never>[];
        };
        Comment: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            ticket_id: string;
            /** Format: uuid */
            author_id: string | null;
            author_name: string | null;
            /** @enum {string} */
            visibility: "public" | "internal";
            text: string;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * Completion
         * @description A person's answer: `form_data` for a form, `decision` (and `comment`) for an approval, `option` for a routing.
         */
        Completion: {
            /**
             * Form Data
             * @default null
             */
            form_data?: {
                [key: string]: unknown;
            } | null;
            /**
             * Decision
             * @default null
             */
            decision?: ("approve" | "approved" | "reject" | "rejected") | null;
            /**
             * Comment
             * @default null
             */
            comment?: string | null;
            /**
             * Option
             * @default null
             */
            option?: string | null;
            /**
             * On Behalf Of
             * @description Whose vote a substitute casts, when it is not their own.
             * @default null
             */
            on_behalf_of?: string | null;
        };
        Dispatch: {
            /** Format: uuid */
            id: string;
            template: Record<string, never>;
            title: string;
            to: string | string[];
            attributes: Record<string, never>;
            /** Format: date-time */
            due_at: string | null;
            sender: Record<string, never> | null;
            /** @enum {string} */
            sent_by: "person" | "script";
            /** Format: date-time */
            sent_at: string;
            /** @enum {string} */
            status: "active" | "retired";
            run: Record<string, never>;
            counts: {
                total: number;
                active: number;
                retired: number;
                unreached: number;
                tasks: Record<string, never>;
            };
        };
        DispatchInFull: {
            /** Format: uuid */
            id: string;
            template: Record<string, never>;
            title: string;
            to: string | string[];
            attributes: Record<string, never>;
            /** Format: date-time */
            due_at: string | null;
            sender: Record<string, never> | null;
            /** @enum {string} */
            sent_by: "person" | "script";
            /** Format: date-time */
            sent_at: string;
            /** @enum {string} */
            status: "active" | "retired";
            run: Record<string, never>;
            counts: {
                total: number;
                active: number;
                retired: number;
                unreached: number;
                tasks: Record<string, never>;
            };
            data: Record<string, never>;
            recipients: {
                /** Format: uuid */
                id: string;
                user: Record<string, never>;
                /** @enum {string} */
                status: "active" | "retired" | "unreached";
                /** @enum {string} */
                task: "open" | "accepted" | "declined" | "in_progress" | "done" | "failed" | "cancelled";
                locked_by: Record<string, never> | null;
                step_id: string | null;
                label: string | null;
                /** Format: date-time */
                changed_at: string;
            }[];
        };
        Instance: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            template_id: string;
            template_name: string;
            template_version: number;
            /** Format: uuid */
            ticket_id: string | null;
            /** @enum {string} */
            status: "running" | "paused" | "completed" | "failed" | "cancelled";
            progress: {
                completed: number;
                total: number;
                percent: number;
            };
            current_steps: string[];
            variables: Record<string, never>;
            failure: {
                reason: string;
                step_id: string | null;
                message: string;
            } | null;
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            completed_at: string | null;
            step_instances: components["schemas"]["StepInstance"][];
        };
        InstancesOfTicket: {
            active: components["schemas"]["Instance"][];
            finished: components["schemas"]["Instance"][];
        };
        /**
         * Instantiate
         * @description What to start, on which ticket, with which variables.
         */
        Instantiate: {
            /** Template Id */
            template_id: string;
            /**
             * Ticket Id
             * @default null
             */
            ticket_id?: string | null;
            /** Variables */
            variables?: {
                [key: string]: unknown;
            };
        };
        InterventionOnTicket: {
            /** Format: uuid */
            id: string;
            intervention_id: number;
            intervention: string;
            uid: string;
            /** @enum {string} */
            state: "waiting" | "paused" | "sending" | "answered" | "taken" | "final" | "failed" | "cancelled";
            /** Format: uuid */
            item_id: string | null;
            /** Format: uuid */
            response_id: string | null;
            /** Format: uuid */
            submitted_by: string | null;
            submitted_by_name: string | null;
            /** Format: date-time */
            submitted_at: string | null;
            attempts: number;
            /** Format: date-time */
            next_attempt_at: string | null;
            error: string | null;
            can_resend: boolean;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * Login
         * @description `tenant` (name or id) is needed only by who has the same address and password in several.
         */
        Login: {
            /** Email */
            email: string;
            /** Password */
            password: string;
            /**
             * Tenant
             * @default null
             */
            tenant?: string | null;
        };
        /**
         * Migration
         * @description Which runs are to follow which version; with `dry_run` none does, and the verdicts are told.
         */
        Migration: {
            /** To Version */
            to_version: number;
            /**
             * Run Ids
             * @default null
             */
            run_ids?: (string[] | "all") | null;
            /**
             * All
             * @default false
             */
            all?: boolean;
            /**
             * Dry Run
             * @default false
             */
            dry_run?: boolean;
        };
        /**
         * NewComment
         * @description What to say, to everybody who sees the ticket or among staff (`internal`).
         */
        NewComment: {
            /** Text */
            text: string;
            /**
             * Visibility
             * @default public
             * @enum {string}
             */
            visibility?: "public" | "internal";
        };
        /**
         * NewDispatch
         * @description What to send, to whom, and with what.
         *
         *     `template` is a published inbox template by id or name; `to` a user query, or ids and e-mail addresses. `attributes`
         *     come before `data` where texts read either; `title` stands in for the template's own.
         */
        NewDispatch: {
            /** Template */
            template: string;
            /**
             * To
             * @description A user query, or ids and e-mail addresses of people.
             */
            to: string | string[];
            /** Attributes */
            attributes?: {
                [key: string]: unknown;
            };
            /** Data */
            data?: {
                [key: string]: unknown;
            };
            /**
             * Title
             * @default null
             */
            title?: string | null;
            /**
             * Due At
             * @default null
             */
            due_at?: string | null;
        };
        /**
         * NewGroup
         * @description A group: its name, and what it is for. Templates call it by the slug, which is made of the name and stays.
         */
        NewGroup: {
            /** Name */
            name: string;
            /**
             * Description
             * @default null
             */
            description?: string | null;
        };
        /**
         * NewPerson
         * @description A person: `email` is required. Without a password they are invited, or never sign in.
         */
        NewPerson: {
            /**
             * Email
             * Format: email
             * @default null
             */
            email: string;
            /**
             * Name
             * @default null
             */
            name?: string;
            /**
             * Role
             * @default null
             * @enum {string}
             */
            role?: "requester" | "agent" | "manager" | "admin";
            /**
             * Manager Id
             * @default null
             */
            manager_id?: string | null;
            /**
             * Labels
             * @default null
             */
            labels?: string[];
            /**
             * Active
             * @default null
             */
            active?: boolean;
            /**
             * Timezone
             * @description IANA name, such as Europe/Berlin.
             * @default null
             */
            timezone?: string;
            /**
             * Locale
             * @description Language tag, such as de-AT.
             * @default null
             */
            locale?: string;
            /**
             * Password
             * @default null
             */
            password?: string;
        };
        /**
         * Note
         * @description What is new in the version.
         */
        Note: {
            /**
             * Note
             * @default null
             */
            note?: string | null;
        };
        /**
         * OwnChanges
         * @description What people may change of themselves.
         */
        OwnChanges: {
            /**
             * Name
             * @default null
             */
            name?: string | null;
            /**
             * Timezone
             * @default null
             */
            timezone?: string | null;
            /**
             * Locale
             * @default null
             */
            locale?: string | null;
        };
        Page: {
            total: number;
            page: number;
            limit: number;
            total_pages: number;
        };
        /**
         * PersonChanges
         * @description Fields of a person; what is left out stays as it is.
         */
        PersonChanges: {
            /**
             * Email
             * Format: email
             * @default null
             */
            email?: string;
            /**
             * Name
             * @default null
             */
            name?: string;
            /**
             * Role
             * @default null
             * @enum {string}
             */
            role?: "requester" | "agent" | "manager" | "admin";
            /**
             * Manager Id
             * @default null
             */
            manager_id?: string | null;
            /**
             * Labels
             * @default null
             */
            labels?: string[];
            /**
             * Active
             * @default null
             */
            active?: boolean;
            /**
             * Timezone
             * @description IANA name, such as Europe/Berlin.
             * @default null
             */
            timezone?: string;
            /**
             * Locale
             * @description Language tag, such as de-AT.
             * @default null
             */
            locale?: string;
            /**
             * Password
             * @default null
             */
            password?: string;
        };
        Problem: {
            /** @enum {string} */
            severity: "error" | "warning";
            code: string;
            message: string;
            path: string;
            step_id: string | null;
        };
        /**
         * Reading
         * @description Which are read: some by `ids`, or `all` until now.
         */
        Reading: {
            /**
             * Ids
             * @default null
             */
            ids?: string[] | null;
            /**
             * All
             * @default false
             */
            all?: boolean;
        };
        /**
         * Reason
         * @description Why.
         */
        Reason: {
            /**
             * Reason
             * @default
             */
            reason?: string;
        };
        Run: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            status: "pending" | "running" | "waiting_approval" | "paused" | "completed" | "failed" | "cancelled";
            template: {
                /** Format: uuid */
                id: string;
                name: string;
                version: number;
            };
            /** @enum {string} */
            trigger_type: "api" | "ticket" | "rule" | "manual" | "schedule" | "signal" | "webhook";
            input: Record<string, never>;
            output: unknown;
            /** Format: uuid */
            owner: string | null;
            /** Format: uuid */
            ticket_id: string | null;
            current_steps: string[];
            steps: components["schemas"]["RunStep"][];
            approvals: components["schemas"]["Approval"][];
            failure: {
                reason: string;
                step_id: string | null;
                message: string;
            } | null;
            compensation: {
                /** @enum {string} */
                state: "running" | "completed" | "failed";
                done: number;
                total: number;
            } | null;
            runner: {
                /** @enum {string} */
                state: "active" | "hibernating";
                /** Format: date-time */
                heartbeat_at: string;
            };
            incident: {
                /** Format: uuid */
                id: string;
                code: string;
                message: string;
                step_id: string | null;
                times: number;
                /** Format: date-time */
                first_at: string;
                /** Format: date-time */
                last_at: string;
            } | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            completed_at: string | null;
        };
        RunStep: {
            /** Format: uuid */
            id: string | null;
            step_id: string;
            name: string;
            type: string;
            /** @enum {string} */
            status: "pending" | "active" | "completed" | "skipped" | "timed_out" | "failed" | "cancelled";
            attempt: number;
            max_attempts: number;
            /** Format: date-time */
            next_retry_at: string | null;
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            completed_at: string | null;
            output: Record<string, never> | null;
            error: string | null;
        };
        SendableTemplate: {
            /** Format: uuid */
            id: string;
            name: string;
            description: string | null;
            variables: Record<string, never>;
        };
        SentDispatch: {
            dispatch: {
                /** Format: uuid */
                id: string;
                template: Record<string, never>;
                title: string;
                to: string | string[];
                attributes: Record<string, never>;
                /** Format: date-time */
                due_at: string | null;
                sender: Record<string, never> | null;
                /** @enum {string} */
                sent_by: "person" | "script";
                /** Format: date-time */
                sent_at: string;
                /** @enum {string} */
                status: "active" | "retired";
                run: Record<string, never>;
                counts: {
                    total: number;
                    active: number;
                    retired: number;
                    unreached: number;
                    tasks: Record<string, never>;
                };
                data: Record<string, never>;
            };
            run: Record<string, never>;
            entries: {
                /** Format: uuid */
                id: string;
                user: Record<string, never>;
                /** @enum {string} */
                status: "active" | "retired" | "unreached";
                /** @enum {string} */
                task: "open" | "accepted" | "declined" | "in_progress" | "done" | "failed" | "cancelled";
                locked_by: Record<string, never> | null;
                step_id: string | null;
                label: string | null;
            }[];
        };
        /**
         * Simulate
         * @description What to try out. `ticket` is one made up for it, `ticket_id` a real one (id or number); with neither the run has
         *     none. `answers` by step id are what people and the outside would say; `outcomes` end steps without one.
         */
        Simulate: {
            /**
             * Ticket
             * @default null
             */
            ticket?: {
                [key: string]: unknown;
            } | null;
            /**
             * Ticket Id
             * @default null
             */
            ticket_id?: string | null;
            /** Answers */
            answers?: {
                [key: string]: unknown;
            };
            /** Outcomes */
            outcomes?: {
                [key: string]: string | string[];
            };
            /** Variables */
            variables?: {
                [key: string]: unknown;
            };
            /**
             * Definition
             * @description In place of the published one, or of the draft.
             * @default null
             */
            definition?: {
                [key: string]: unknown;
            } | null;
            /**
             * At
             * @description When the run would start; now, when left out.
             * @default null
             */
            at?: string | null;
        };
        StepInstance: {
            /** Format: uuid */
            id: string | null;
            step_id: string;
            name: string;
            type: string;
            /** @enum {string} */
            status: "pending" | "active" | "completed" | "skipped" | "timed_out" | "failed" | "cancelled";
            outcome: string | null;
            /** Format: uuid */
            assigned_to: string | null;
            /** Format: uuid */
            assigned_group: string | null;
            candidates: string[];
            /** Format: date-time */
            due_at: string | null;
            overdue: boolean;
            /** Format: date-time */
            started_at: string | null;
            /** Format: date-time */
            completed_at: string | null;
            /** Format: uuid */
            completed_by: string | null;
        };
        Template: components["schemas"]["TemplateHead"] & {
            task_queue: unknown;
            definition: Record<string, never>;
            draft: Record<string, never> | null;
            problems: components["schemas"]["Problem"][];
        };
        /**
         * TemplateBody
         * @description A definition (its fields beside these, or whole as `definition`), and whether it starts anything.
         */
        TemplateBody: {
            /**
             * Is Active
             * @default null
             */
            is_active?: boolean | null;
            /**
             * Note
             * @default null
             */
            note?: string | null;
            /**
             * Definition
             * @default null
             */
            definition?: {
                [key: string]: unknown;
            } | null;
        } & {
            [key: string]: unknown;
        };
        TemplateHead: {
            /** Format: uuid */
            id: string;
            name: string;
            description: string | null;
            kind: string;
            trigger: Record<string, never>;
            /** @enum {string} */
            trigger_type: "ticket_type" | "ticket_type+subtype" | "manual";
            ticket_type: string | null;
            trigger_subtype: string | null;
            is_active: boolean;
            /** @enum {string} */
            status: "draft" | "published" | "archived";
            version: number;
            revision: number;
            step_count: number;
            active_instances: number;
            has_draft: boolean;
            /** Format: uuid */
            created_by: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        Ticket: {
            /** Format: uuid */
            id: string;
            number: string;
            /** @enum {string} */
            type: "incident" | "change" | "problem" | "service_request" | "task";
            subtype: string | null;
            title: string;
            description: string | null;
            /** @enum {string} */
            status: "new" | "open" | "in_progress" | "pending" | "on_hold" | "resolved" | "closed" | "cancelled";
            /** @enum {string} */
            priority: "P1" | "P2" | "P3" | "P4";
            category: string;
            queue: string;
            /** Format: uuid */
            group: string | null;
            group_name: string | null;
            /** Format: uuid */
            assignee: string | null;
            assignee_name: string | null;
            /** Format: uuid */
            requester: string | null;
            requester_name: string | null;
            tags: string[];
            custom: Record<string, never>;
            links: Record<string, never>[];
            resolution_category: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * TicketFields
         * @description A ticket's fields. People are named by id or e-mail, groups by id, slug or name.
         */
        TicketFields: {
            /**
             * Type
             * @description Incident when left out; it never changes.
             * @enum {string}
             */
            type?: "incident" | "change" | "problem" | "service_request" | "task";
            /**
             * Subtype
             * @description What kind of its type, as templates name it.
             */
            subtype?: string | null;
            /**
             * Title
             * @description Required.
             */
            title?: string;
            /**
             * Description
             * @description What it is about.
             */
            description?: string | null;
            /**
             * Status
             * @description Open when left out.
             * @enum {string}
             */
            status?: "new" | "open" | "in_progress" | "pending" | "on_hold" | "resolved" | "closed" | "cancelled";
            /**
             * Priority
             * @description P3 when left out.
             * @enum {string}
             */
            priority?: "P1" | "P2" | "P3" | "P4" | "critical" | "high" | "medium" | "low";
            /**
             * Category
             * @description The type when left out.
             */
            category?: string | null;
            /**
             * Queue
             * @description Inbox when left out.
             */
            queue?: string;
            /**
             * Group
             * @description The group it is with.
             */
            group?: string | null;
            /**
             * Assignee
             * @description Who works on it.
             */
            assignee?: string | null;
            /**
             * Requester
             * @description Who asks; the caller when left out.
             */
            requester?: string | null;
            /**
             * Tags
             * @description Words.
             */
            tags?: string[];
            /**
             * Custom
             * @description Fields of your own; in a change null removes a name.
             */
            custom?: Record<string, never>;
            /**
             * Resolution Category
             * @description How it was resolved.
             */
            resolution_category?: string | null;
        } & {
            [key: string]: unknown;
        };
        TicketInFull: components["schemas"]["Ticket"] & {
            workflow_instances: string[];
            interventions: components["schemas"]["InterventionOnTicket"][];
        };
        UserQueryPreview: {
            count: number;
            users: {
                /** Format: uuid */
                id: string;
                name: string;
                email: string;
            }[];
            description: string;
            warnings: {
                message: string;
                position: number;
                line: number;
                column: number;
            }[];
        };
        /**
         * Choice
         * @description The path to take, by its label or the step it leads to; what was filled in; and, so that nobody chooses on what
         *     has moved on unseen, the step the caller saw it at.
         */
        wayline__api__entries__Choice: {
            /** Path */
            path: string;
            /** Data */
            data?: {
                [key: string]: unknown;
            };
            /**
             * Step
             * @default null
             */
            step?: string | null;
        };
        /**
         * Preview
         * @description A query as it is written in a scope, and what `$context.<path>` is to be read from.
         */
        wayline__api__user_queries__Preview: {
            /** Query */
            query: string;
            /** Context */
            context?: {
                [key: string]: unknown;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    accept_invitation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Acceptance"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    who_am_i: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    change_myself: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["OwnChanges"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    list_all_calendars: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: "name";
                order?: "asc" | "desc";
                q?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    create_calendar: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CalendarBody"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    list_all_dispatches: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: string | null;
                order?: "asc" | "desc";
                q?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Dispatch"][];
                        meta: components["schemas"]["Page"];
                    };
                };
            };
        };
    };
    send_dispatch: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDispatch"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SentDispatch"];
                    };
                };
            };
        };
    };
    list_sendable_templates: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: string | null;
                order?: "asc" | "desc";
                q?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SendableTemplate"][];
                        meta: components["schemas"]["Page"];
                    };
                };
            };
        };
    };
    get_dispatch: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: string | null;
                order?: "asc" | "desc";
                q?: string | null;
                task?: ("open" | "accepted" | "declined" | "in_progress" | "done" | "failed" | "cancelled") | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DispatchInFull"];
                        meta: components["schemas"]["Page"];
                    };
                };
            };
        };
    };
    upload_file: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    list_groups: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: "name";
                order?: "asc" | "desc";
                q?: string | null;
                member_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    create_group: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGroup"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    list_inbox: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: string | null;
                order?: "asc" | "desc";
                q?: string | null;
                status?: "open" | "done" | "active" | "retired";
                kind?: ("entry" | "form" | "approval" | "routing" | "intervention") | null;
                scope?: "mine" | "group" | "all";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    bulk: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Bulk"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_item: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    choose: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["wayline__api__entries__Choice"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ChosenEntry"];
                    };
                };
            };
        };
    };
    claim: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    complete_item: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Completion"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    release: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    list_notifications: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: "created_at";
                order?: "asc" | "desc";
                q?: string | null;
                unread?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    mark_read: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Reading"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                q: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    list_all_tickets: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: "created_at" | "updated_at" | "priority" | "number" | "title" | "status";
                order?: "asc" | "desc";
                q?: string | null;
                number?: string | null;
                type?: string | null;
                subtype?: string | null;
                status?: string | null;
                priority?: string | null;
                category?: string | null;
                queue?: string | null;
                group?: string | null;
                assignee?: string | null;
                requester?: string | null;
                resolution_category?: string | null;
                tag?: string | null;
                created_after?: string | null;
                created_before?: string | null;
                updated_after?: string | null;
                updated_before?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Ticket"][];
                        meta: components["schemas"]["Page"];
                    };
                };
            };
        };
    };
    create_ticket: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TicketFields"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TicketInFull"];
                    };
                };
            };
        };
    };
    get_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TicketInFull"];
                    };
                };
            };
        };
    };
    change_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TicketFields"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TicketInFull"];
                    };
                };
            };
        };
    };
    list_ticket_comments: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: string | null;
                order?: "asc" | "desc";
                q?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Comment"][];
                        meta: components["schemas"]["Page"];
                    };
                };
            };
        };
    };
    add_comment: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewComment"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Comment"];
                    };
                };
            };
        };
    };
    ticket_history: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: string | null;
                order?: "asc" | "desc";
                q?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    preview_user_query: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["wayline__api__user_queries__Preview"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["UserQueryPreview"];
                    };
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: "name" | "email" | "role" | "created_at";
                order?: "asc" | "desc";
                q?: string | null;
                active?: boolean | null;
                role?: ("requester" | "agent" | "manager" | "admin") | null;
                group_id?: string | null;
                manager_id?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    create_user: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewPerson"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    update_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PersonChanges"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_instance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Instance"];
                    };
                };
            };
        };
    };
    instantiate: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Instantiate"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Instance"];
                    };
                };
            };
        };
    };
    list_step_types: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    list_all_templates: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: "name" | "created_at" | "updated_at" | "status" | "trigger_type" | "step_count" | "version";
                order?: "asc" | "desc";
                q?: string | null;
                status?: ("draft" | "published" | "archived" | "all") | null;
                is_active?: boolean | null;
                kind?: ("workflow" | "inbox") | null;
                trigger_type?: ("manual" | "ticket_type" | "ticket_type+subtype") | null;
                ticket_type?: string | null;
                trigger_subtype?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TemplateHead"][];
                        meta: components["schemas"]["Page"];
                    };
                };
            };
        };
    };
    create_template: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TemplateBody"];
                "application/yaml": components["schemas"]["TemplateBody"];
            };
        };
        responses: {
            /** @description Done. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"];
                    };
                };
            };
        };
    };
    check_template: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CheckBody"];
                "application/yaml": components["schemas"]["CheckBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Checked"];
                    };
                };
            };
        };
    };
    get_template: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"];
                    };
                };
            };
        };
    };
    update_template: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TemplateBody"];
                "application/yaml": components["schemas"]["TemplateBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"];
                    };
                };
            };
        };
    };
    archive_template: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    save_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TemplateBody"];
                "application/yaml": components["schemas"]["TemplateBody"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    drop_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    migrate_runs: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Migration"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    publish_draft: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Note"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Template"];
                    };
                };
            };
        };
    };
    simulate_template: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Simulate"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_versions: {
        parameters: {
            query?: {
                page?: number;
                limit?: number;
                sort?: string | null;
                order?: "asc" | "desc";
                q?: string | null;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                n: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    instances_of_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticket_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["InstancesOfTicket"];
                    };
                };
            };
        };
    };
    cancel_run: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Reason"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
        };
    };
}

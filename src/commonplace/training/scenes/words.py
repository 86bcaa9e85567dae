"""Words for pictures: names and lines of text as operations, security, data, science and business write them.

Every entry is a list of templates (see `grammar.expand`; `~` becomes a digit).
"""

from __future__ import annotations

LEXICON: dict[str, tuple[str, ...]] = {
    name: tuple(" ".join(part.split()) for part in entries.split(";"))
    for name, entries in {
        "service": """checkout; payments; search; billing; login; ingest worker; mail relay; image resizer; scheduler;
            session store; inventory; notification service; api gateway; ledger; crawler; video encoder; auth proxy;
            recommendation engine; message broker; dns resolver; build runner; order service; catalogue""",
        "short": """web; api; auth; cache; queue; db; proxy; mail; cron; edge; store; search; worker; lb; vault; dns;
            log; ldap; ci; cdn; vpn; etl; hub; sync; bus; app; user; gate; index; backup""",
        "host": "[web|db|app|node|cache|edge|mail|build]-[~|~~|eu-~|us-~~]; [srv|vm|host|gw]~~",
        "city": """Lisbon; Oslo; Nairobi; Quito; Osaka; Tallinn; Perth; Denver; Lagos; Hanoi; Turin; Bergen; Cusco;
            Leeds; Accra; Varna; Malmo; Tunis""",
        "person": "Ana; Tomas; Priya; Ravi; Lena; Omar; Mei; Jonas; Sofia; Kofi; Ida; Pablo; Yuki; Nora; Sam; Elif",
        "surname": "Berg; Costa; Novak; Rao; Haddad; Lind; Sato; Moreau; Okoye; Vargas; Weber; Quinn; Dahl; Rossi",
        "team": "platform; security; data; payments; mobile; support; network; research; finance; field operations",
        "unit": "ms; s; MB; GB; req/s; %; kB/s; W; rpm; V; mm; items; km/h; ppm; C; IOPS",
        "ops metric": """[p99|p95|median|average] latency; CPU usage; memory usage; request rate; error rate; queue
            depth; disk usage; open connections; cache hit ratio; garbage collection pauses; replication lag; packet
            loss; network throughput; threads; goroutines; failed logins; blocked requests; dropped packets; heap
            size; transactions per second; slow queries; lock waits; restarts; DNS lookups; cold starts""",
        "science metric": """temperature; pressure; humidity; battery voltage; fan speed; signal strength; rainfall;
            power draw; wind speed; water level; pH; soil moisture; vibration; solar power; CO2; light level""",
        "business metric": """revenue; active users; sign-ups; orders; conversion rate; churn; support tickets; page
            views; refunds; invoices; new customers; costs; bookings; market share; downloads; waiting time""",
        "model metric": "training loss; validation accuracy; learning rate; gradient norm; tokens per second; F1 score",
        "metric": "{ops metric}; {ops metric}; {ops metric}; {science metric}; {business metric}; {model metric}",
        "subject": """{ops metric} of [the {service}|{host}|{service}]; {service} {ops metric}; {ops metric} {scope};
            {ops metric} {scope}; {science metric} in {city}; {science metric} of {host} {part}; {business metric} in
            {city}; {business metric} by [region|quarter|plan|team]; {model metric} of run ~~; {model metric} by
            epoch; {metric}""",
        "scope": """by region; per host; in the last [hour|day|week|~~ days]; per cluster; by version; in production;
            during the [outage|release|load test|migration]; before and after the [fix|deploy]; per
            [tenant|customer|node|shard]; overnight; in {city}""",
        "category": """Europe; Asia; Africa; Americas; Q1; Q2; Q3; Q4; Mon; Tue; Wed; Thu; Fri; Sat; Sun; Jan; Feb;
            Mar; Apr; May; Jun; Linux; Windows; macOS; Android; Chrome; Firefox; Safari; Rust; Go; Java; Python; C++;
            SQL; gold; silver; free; team; pro; HTTP; SSH; DNS; TCP; UDP; read; write; update; delete; north; south;
            east; west; low; medium; high; critical""",
        "entity": """customer; order; invoice; product; user; role; session; device; ticket; payment; shipment;
            address; account; sample; patient; sensor; booking; vessel; course; author; region; policy; host; alert;
            build""",
        "field": """id; name; email; status; created_at; amount; owner_id; price; quantity; country; phone; notes;
            type; score; updated_at; version; serial; due_date; kind; path; size; hash""",
        "sql type": "int; uuid; text; bool; date; varchar(~~); bigint; jsonb; timestamp; numeric",
        "state": """idle; running; waiting; failed; done; queued; paused; ready; open; closed; half-open; retrying;
            locked; draft; approved; shipped; cancelled; syncing; leader; follower; candidate; connecting; stopped;
            booting""",
        "event": """start; stop; timeout; retry; ack; reset; error; resume; cancel; approve; expire; connect; vote;
            fail""",
        "step": """Receive order; Check stock; Verify token; Send mail; Run tests; Deploy; Roll back; Read config;
            Parse file; Retry; Charge card; Ship parcel; Open ticket; Call on-call; Restart pod; Take backup; Merge
            branch; Build image; Scan for malware; Notify user; Write log; Load model; Clean data; Train model; Review
            code; Sign contract; Rotate keys; Page engineer; Close incident; Validate input""",
        "question": "Valid?; Passed?; Found?; Enough?; Error?; Retry?; Admin?; Expired?; Healthy?; Approved?",
        "message": """GET /{short}s; POST /{short}; token; 200 OK; 401; ack; query; rows; publish; SYN; SYN-ACK; ACK;
            login; redirect; certificate; hello; key exchange; commit; prepare; lookup; event; response; refresh;
            subscribe; ping; pong; challenge; upload; notify""",
        "module": """auth; parser; scheduler; storage; network; logging; config; metrics; cache; router; session;
            queue; crypto; index; billing; models; views; utils; export; search""",
        "verb": """load; parse; send; fetch; build; check; merge; update; write; read; open; close; encode; find;
            remove""",
        "thing": """config; token; user; order; packet; frame; record; session; image; vector; index; message; path;
            job""",
        "task": """Rotate certificates; Upgrade the database; Write the runbook; Fix flaky tests; Move logs to {city};
            Review access rights; Reduce alert noise; Add retries to {service}; Plan capacity; Clean old backups;
            Patch {host}; Draft the postmortem; Measure cold starts; Replace the load balancer; Document the API;
            Interview customers; Order spare disks; Translate the manual; Test failover; Tune the {service}""",
        "headline": """[Quarterly|Weekly|Yearly] review; What we learned from the {service} outage; Roadmap for
            {team}; How {service} scales; Moving to {city}; Threat model of the {service}; Results of the load test;
            [Zero|Less] downtime for {service}; Why caches lie; Backups that restore; Costs of the {service};
            Onboarding guide; On-call handbook; Capacity plan; Data retention policy; Choosing a database; A field
            guide to timeouts; Safety in the laboratory; Measuring soil moisture; Our customers in {city}""",
        "sentence": """The {service} waits for a [lock|reply|disk|certificate] and then gives up.; Requests from
            {city} take twice as long as those from {city}.; We moved the {service} to {host} last week.; Every backup
            is restored once a month.; A full disk on {host} stopped the {service}.; The {team} team owns the
            {service} and its alerts.; Samples were taken at ~~ sites near {city}.; No data was lost.; The cause was a
            wrong [timeout|route|password|version] in the {service}.; Restart the {service} before you [rotate the
            keys|change the port|clear the cache].; Sales in {city} grew by ~~ percent.; Keep the {thing} in a safe
            place.; Please read the notes on {metric}.; Turn off the power before you open the case.; The {thing} is
            checked before each [release|flight|shift].""",
        "alert": """High {metric} on {host}; Disk almost full on {host}; {service} is down; Certificate expires in ~
            days; Login from a new device in {city}; Too many failed logins; Backup failed on {host}; Replication lag
            above ~~ s; Malware found on {host}; Unusual traffic from 10.~~.~.~~; Deploy of {service} finished; All
            systems operational; Your session will end soon; Payment declined; Update available; {host} unreachable""",
        "chat": """is the {service} slow for you too?; looking; the {metric} graph looks odd; I restarted {host};
            thanks!; can you review my change?; done; rolling back now; who is on call?; tests are green; lunch?; it
            works again; please check {host}; deploying in ~ minutes; the customer in {city} is waiting; good catch;
            try it again; I opened a ticket; no idea yet; disk is full""",
        "label": """Email address; Password; User name; Full name; Company; Phone; Country; Port; Host name; API key;
            Time zone; Language; Description; Subject; Card number; Department; Server; Database; Retention days""",
        "setting": """Dark mode; Notifications; Two-factor login; Auto update; Location; Sync; Backups; Sounds;
            Bluetooth; Wi-Fi; Airplane mode; Usage data; Remote access; Firewall; VPN; Telemetry; Spell check;
            Caching; Debug log""",
        "question box": """Delete ~~ files?; Discard changes?; Restart now?; Sign out of all devices?; Allow access to
            the {thing}?; Overwrite {host}?; Stop the {service}?; Save before closing?; Install the update?""",
        "button": "OK; Save; Send; Continue; Sign in; Delete; Apply; Retry; Connect; Allow; Create; Next; Confirm",
        "brand": """Northwind; Bluefin; Quanta; Lumen; Orchard; Vertex; Papaya; Granite; Halo; Kestrel; Mosaic;
            Nimbus; Tundra; Zephyr; Cobalt; Juniper Lane; Redwood; Saffron; Pebble; Argon""",
        "part": "CPU; RAM; USB; GPIO; ETH; PWR; LED; SD; UART; HDMI; RST; BAT; ANT; FLASH; FPGA; SPI; CAN; ADC",
        "street": "[Mill|Harbour|Station|Church|Market|Garden|River|Castle] [Street|Road|Lane]",
        "path": """/[var/log|etc|opt|home/{module}|srv|usr/lib]/{module}[.conf|.log||.d];
            src/{module}/{thing}.[py|go|rs|ts]""",
        "log": """~~:~~:~~ [INFO|INFO|WARN|ERROR|DEBUG] {module}: {verb} {thing} ~~~ [ok|in ~~ ms|failed: timeout|took
            ~ s]; ~~:~~:~~.~~~ [INFO|WARN|ERROR] {host} {module} - cannot {verb} {thing}[, retrying| (code ~~)|]; Mar
            ~~ ~~:~~:~~ {host} {module}[~~~~]: {verb} {path}; level=[info|warn|error] msg="{verb} {thing}" took=~~ms;
            10.~.~~.~ - "GET /{thing}s/~~ HTTP/1.1" [200|200|404|500] ~~~~""",
        "command": """$ ls -la {path}; $ systemctl status {module}; $ docker ps; $ kubectl get pods -n {team}; $ git
            push origin {module}-fix; $ ping {host}; $ curl -I https://{host}/{short}; $ make test; $ df -h; $ grep -r
            {thing} {path}; $ ssh admin@{host}; $ tail -f {path}; $ cargo build --release; $ pip install {module}""",
        "output": """[ok|done|passed] {verb}_{thing} ~.~~s; {module}-~~~~ Running ~ ~~d; drwxr-xr-x ~ root ~~~~
            {module}; ~~ bytes from 10.~.~.~~: time=~.~ ms; error: cannot {verb} {thing}: permission denied; ~~%
            [====>-----]; tmpfs ~~G ~G ~~% {path}; warning: unused {thing} in {path}; total ~~~; Active: active
            (running); test {module}::{verb}_{thing} ... ok; fatal: {thing} not found; Compiling {module} v~.~.~""",
        "code": """def {verb}_{thing}({thing}, {field}):; return {verb}({thing}.{field}); for {thing} in {thing}s:; if
            {thing}.{field} is None:; {thing} = {module}.{verb}({thing}); import {module}; raise ValueError("no
            {thing} given"); print(f"{verb} {thing} ~~"); while not {thing}.done():; self.{field} = {field}; # {verb}
            the {thing} first; {field} = {thing}["{field}"]; else:; try:; assert {field} > ~; class {entity}{thing}:;
            with open(path) as {thing}:; const {thing} = await {verb}("{path}"); let {field} = {verb}(&{thing})?; fn
            {verb}_{thing}() {; }; SELECT {field}, {field} FROM {entity}s; WHERE {field} > ~~ ORDER BY {field}; func
            {verb}({thing} string) error {; int {field} = ~~;""",
        "config": """{module}:; {field}: ~~; {module}_{field} = "{short}"; [{module}]; port: ~~~~; replicas: ~;
            timeout: ~~s; host: {host}; enabled: [true|false]; image: {short}:~.~; log_level: [info|debug|warn]; -
            {short}; path: {path}; max_{thing}s = ~~~; retries: ~; user: {short}; memory: ~~~Mi; tls: [on|off]""",
    }.items()
}

using System.Net;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo;

/// <summary>
/// Every setting of the process. Read, later ones winning, from appsettings.json (section LatentDb), the environment (<c>LATENTDB__DATA</c>, ...) and
/// the command line (<c>--data</c>, ...). Keys that are not here are refused.
/// </summary>
public sealed class SiloOptions
{
    /// <summary>Enough that some dozens of silos get equal shares.</summary>
    private const int ClusterShards = 64;

    private const int MinSecretLength = 32;
    private const int MaxSecretLength = 256;

    /// <summary>Where the server listens. Without keys only loopback addresses are allowed.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:5080";

    /// <summary>
    /// A secret of 32 to 256 visible ASCII characters that opens everything as an operator's key does; empty = none. From the environment
    /// (<c>LATENTDB__ADMINKEY</c>) or the settings file only: everybody on a machine can read the command lines of its processes.
    /// </summary>
    public string AdminKey { get; set; } = "";

    /// <summary>PEM file of the certificate for https addresses, with those that lead to a root; read again when it changes. Empty = no https.</summary>
    public string Certificate { get; set; } = "";

    /// <summary>PEM file of the certificate's private key, not encrypted.</summary>
    public string CertificateKey { get; set; } = "";

    /// <summary>Folder of the data.</summary>
    public string Data { get; set; } = "data";

    /// <summary>Shards of a new data folder; an existing one keeps the number that it was made with and refuses another. 0 = one, or 64 in a cluster.</summary>
    public int Shards { get; set; }

    /// <summary>Memories that each tenant may have; 0 = any number. An operator may set another number for a tenant; the same holds for the next five.</summary>
    public long TenantMemories { get; set; }

    /// <summary>Bytes that each tenant's memories may take; 0 = any number.</summary>
    public long TenantBytes { get; set; }

    /// <summary>Requests of each tenant in a minute; 0 = any number.</summary>
    public int TenantRequestsPerMinute { get; set; }

    /// <summary>Injects of each tenant in a minute; 0 = any number.</summary>
    public int TenantInjectsPerMinute { get; set; }

    /// <summary>Tokens that the model reads and writes for each tenant in a minute, counted afterwards; 0 = any number.</summary>
    public int TenantTokensPerMinute { get; set; }

    /// <summary>Requests of each tenant that use the model at once; 0 = any number.</summary>
    public int TenantConcurrentGenerations { get; set; }

    /// <summary>Days for which lines of the audit log are kept; 0 = for ever.</summary>
    public int AuditDays { get; set; } = 365;

    /// <summary>Days for which a version stays readable after it ceased to be the head; 0 = no such rule.</summary>
    public double RetentionDays { get; set; } = 7;

    /// <summary>Newest versions that stay readable whatever their age; 0 = no such rule. With neither rule nothing is ever dropped.</summary>
    public int RetentionVersions { get; set; }

    /// <summary>Seconds between two passes of compaction; 0 = none but those that are asked for.</summary>
    public int CompactionSeconds { get; set; } = 60;

    /// <summary>Bytes per second that a pass of compaction may copy.</summary>
    public long CompactionBytesPerSecond { get; set; } = 64L << 20;

    /// <summary>Folder of a second place, best on another machine's disk, to which the shards of this server are brought again and again; it must exist. Empty = none.</summary>
    public string BackupPlace { get; set; } = "";

    /// <summary>Folder for the newest keys of the shards, on another disk than <see cref="BackupPlace"/>: what was erased is in no backup because its key is in none.</summary>
    public string BackupKeysPlace { get; set; } = "";

    /// <summary>Seconds between two backups of a shard.</summary>
    public int BackupSeconds { get; set; } = 3600;

    /// <summary>Days for which a moment can be restored.</summary>
    public double BackupDays { get; set; } = 7;

    /// <summary>Bytes per second that a scrub may read beside the traffic; 0 = as fast as it goes.</summary>
    public long ScrubBytesPerSecond { get; set; } = 64L << 20;

    /// <summary>Folder of the checkpoint; relative to the working directory, else to a folder above the program.</summary>
    public string Model { get; set; } = "models/small";

    /// <summary>True: serve the store alone, without loading a model: what `latentdb store` does with a folder that no server has open.</summary>
    public bool Maintenance { get; set; }

    /// <summary>Largest request body, in bytes.</summary>
    public long MaxBodyBytes { get; set; } = 1 << 20;

    /// <summary>Largest archive that may be imported, in bytes.</summary>
    public long MaxImportBytes { get; set; } = 64L << 30;

    /// <summary>What computes: cpu; in a build with -p:Torch=cuda or cpu also cuda or torch-cpu.</summary>
    public string Backend { get; set; } = "cpu";

    /// <summary>Compute threads; 0 = one per core.</summary>
    public int Threads { get; set; }

    /// <summary>Bytes for decoded memory rows of all users.</summary>
    public long ResidentBytes { get; set; } = 1L << 30;

    /// <summary>Bytes of the machine's memory for rows as they were read, beside a device with memory of its own (a GPU); 0 = none. Without effect on the cpu.</summary>
    public long HostBytes { get; set; }

    /// <summary>Weights in memory: auto, f32, bf16, int8 (another model: its memories cannot be read with the others).</summary>
    public string Weights { get; set; } = "auto";

    /// <summary>Rotary frequencies: none, or bf16 as the published M+ instructions round them.</summary>
    public string RopeRounding { get; set; } = "none";

    /// <summary>Text under 16 tokens: repeat or refuse.</summary>
    public string ShortText { get; set; } = "repeat";

    /// <summary>Keep the injected text with its version: for diffs, and to rebuild a memory under another model.</summary>
    public bool KeepText { get; set; } = true;

    /// <summary>Requests that have a place at the model: they compute together.</summary>
    public int MaxActiveRequests { get; set; } = 16;

    /// <summary>Requests that wait for the model; one more is refused. Enough for 500 clients at once that each stream an answer, with as many again to spare; a wait costs a few KiB.</summary>
    public int MaxWaitingRequests { get; set; } = 1024;

    /// <summary>Bytes of computed prompts that are kept for later prompts with the same beginning over the same version; 0 = none.</summary>
    public long PromptCacheBytes { get; set; } = 64L << 20;

    /// <summary>Tokens of one inject.</summary>
    public int MaxInjectTokens { get; set; } = 131_072;

    /// <summary>Tokens that one query may generate.</summary>
    public int MaxNewTokens { get; set; } = 1024;

    /// <summary>An OpenAI request that names a memory that does not exist makes it, unless its header says otherwise.</summary>
    public bool OpenAiCreatesMemories { get; set; }

    /// <summary>Memories that are active at once.</summary>
    public int MaxActiveMemories { get; set; } = 10_000;

    /// <summary>Seconds without calls after which a memory is put away.</summary>
    public int IdleSeconds { get; set; } = 600;

    /// <summary>Seconds that running calls may go on once the server stops.</summary>
    public int DrainSeconds { get; set; } = 25;

    /// <summary>True: /metrics needs no operator's key. For a network in which only the monitoring reaches it.</summary>
    public bool PublicMetrics { get; set; }

    /// <summary>Address of an OpenTelemetry collector for traces, metrics and logs, such as http://127.0.0.1:4318; empty = as OTEL_EXPORTER_OTLP_ENDPOINT says, else none.</summary>
    public string OtlpEndpoint { get; set; } = string.Empty;

    /// <summary>Share of the traces that begin here which are recorded; those of a caller that records its own always are.</summary>
    public double TraceRatio { get; set; } = 1;

    /// <summary>Spans name memories as their users do; else by a code that nobody can turn back.</summary>
    public bool TelemetryIds { get; set; }

    /// <summary>Spans carry prompts, answers and injected texts. Off unless a fault is searched for: who reads the traces then reads the users' words.</summary>
    public bool TelemetryText { get; set; }

    /// <summary>Log on the console: text for people, json (one object a line, with trace and span ids) for programs.</summary>
    public string LogFormat { get; set; } = "text";

    /// <summary>
    /// Npgsql connection string of the database in which the silos of a cluster meet; empty = this process serves its data folder alone. With it the data
    /// folder is shared by all silos that own shards.
    /// </summary>
    public string ClusterDatabase { get; set; } = string.Empty;

    /// <summary>True: the cluster's tables are made or brought up to date at start, by whichever silo comes first.</summary>
    public bool ClusterMigrate { get; set; } = true;

    /// <summary>Where this silo listens for the others: http for HTTP/2 in clear, https with <see cref="ClusterCertificate"/>.</summary>
    public string ClusterUrls { get; set; } = "http://127.0.0.1:5081";

    /// <summary>Where the others reach this silo, host:port; empty = the first of <see cref="ClusterUrls"/>.</summary>
    public string ClusterAddress { get; set; } = string.Empty;

    /// <summary>
    /// A secret of 32 to 256 visible ASCII characters that all silos of a cluster have and nobody else: who knows it may do everything. From the environment
    /// (<c>LATENTDB__CLUSTERKEY</c>) or the settings file only.
    /// </summary>
    public string ClusterKey { get; set; } = string.Empty;

    /// <summary>PEM file of this silo's certificate for links over https, which it shows as server and as client. Empty = links are HTTP/2 in clear.</summary>
    public string ClusterCertificate { get; set; } = string.Empty;

    /// <summary>PEM file of its private key, not encrypted.</summary>
    public string ClusterCertificateKey { get; set; } = string.Empty;

    /// <summary>PEM file of the authority that has signed the certificates of all silos; others are refused.</summary>
    public string ClusterAuthority { get; set; } = string.Empty;

    /// <summary>This silo's name, unique among the living; empty = the machine's name.</summary>
    public string SiloName { get; set; } = string.Empty;

    /// <summary>What this silo does: any of store (owns shards), model (computes for all), api (answers clients), separated by commas.</summary>
    public string Roles { get; set; } = "store,model,api";

    /// <summary>Seconds for which a shard is leased: the longest that it is without an owner after a crash, and how long a silo that cannot reach the database still writes.</summary>
    public int LeaseSeconds { get; set; } = 6;

    /// <summary>
    /// True: tenants and API keys are in the cluster's database, not in the data folder, so that silos need no folder in common for them. The first silo that
    /// starts with it brings the keys of its folder along.
    /// </summary>
    public bool AccessInDatabase { get; set; }

    /// <summary>True when tenants and keys are in the cluster's database.</summary>
    public bool HasAccessInDatabase() => IsClustered() && AccessInDatabase;

    /// <summary>
    /// How shards are copied: none (all silos share one data folder), async (a write is answered when its owner has it), quorum (when every copy that counts has
    /// it). With copies each store silo has a data folder of its own.
    /// </summary>
    public string Replication { get; set; } = "none";

    /// <summary>Copies of each shard with <see cref="Replication"/>, the owner's among them: 2 to 5.</summary>
    public int Replicas { get; set; } = 3;

    /// <summary>Copies below which no write is taken, with quorum.</summary>
    public int MinInSync { get; set; } = 2;

    /// <summary>True when each silo has a folder of its own.</summary>
    public bool IsReplicated() => IsClustered() && Replication != "none";

    /// <summary>True when this process is one of a cluster.</summary>
    public bool IsClustered() => ClusterDatabase.Length > 0;

    /// <summary>The number of shards that is meant.</summary>
    public int ShardCount() => Shards > 0 ? Shards : IsClustered() ? ClusterShards : 1;

    /// <exception cref="LatentDbException">configuration_invalid, with the value.</exception>
    public void Check()
    {
        if (MaxBodyBytes is < 1024 or > 1L << 30) throw Invalid(nameof(MaxBodyBytes), MaxBodyBytes, "1024 to 1073741824");
        if (MaxImportBytes < 1024) throw Invalid(nameof(MaxImportBytes), MaxImportBytes, "1024 or more");
        if (RetentionDays is < 0 or > 36_500) throw Invalid(nameof(RetentionDays), RetentionDays, "0 to 36500");
        if (RetentionVersions < 0) throw Invalid(nameof(RetentionVersions), RetentionVersions, "0 or more");
        if (CompactionSeconds is < 0 or > 86_400) throw Invalid(nameof(CompactionSeconds), CompactionSeconds, "0 to 86400");
        if (CompactionBytesPerSecond < 1 << 20) throw Invalid(nameof(CompactionBytesPerSecond), CompactionBytesPerSecond, "1048576 or more");
        if (ScrubBytesPerSecond is not 0 and < 1 << 20) throw Invalid(nameof(ScrubBytesPerSecond), ScrubBytesPerSecond, "0, or 1048576 or more");
        CheckBackup();
        if (IdleSeconds is < 1 or > 86_400) throw Invalid(nameof(IdleSeconds), IdleSeconds, "1 to 86400");
        if (DrainSeconds is < 0 or > 3600) throw Invalid(nameof(DrainSeconds), DrainSeconds, "0 to 3600");
        if (LogFormat is not ("text" or "json")) throw Invalid(nameof(LogFormat), LogFormat, "text, json");
        if (TraceRatio is not (>= 0 and <= 1)) throw Invalid(nameof(TraceRatio), TraceRatio, "0 to 1");
        if (OtlpEndpoint.Length > 0 && !IsHttp(OtlpEndpoint)) throw Invalid(nameof(OtlpEndpoint), OtlpEndpoint, "an address such as http://127.0.0.1:4318");
        long[] limits = [TenantMemories, TenantBytes, TenantRequestsPerMinute, TenantInjectsPerMinute, TenantTokensPerMinute, TenantConcurrentGenerations];
        if (limits.Min() < 0) throw Invalid("Tenant...", limits.Min(), "0 (no limit) or more");
        if (AuditDays is < 0 or > 36_500) throw Invalid(nameof(AuditDays), AuditDays, "0 to 36500");
        CheckSecret(nameof(AdminKey), AdminKey);
        CheckUrls();
        if (Replication != "none" && !IsClustered()) throw Invalid(nameof(Replication), Replication, "none, without ClusterDatabase");
        if (AccessInDatabase && !IsClustered()) throw Invalid(nameof(AccessInDatabase), AccessInDatabase, "false, without ClusterDatabase");
        if (IsClustered()) CheckCluster();
    }

    /// <summary>For a server without keys.</summary>
    /// <exception cref="LatentDbException">configuration_invalid: it would listen where others reach it.</exception>
    public void RequireLoopback()
    {
        if (OpenUrl() is not { } url) return;
        throw new LatentDbException(
            ErrorCode.ConfigurationInvalid,
            $"Urls has '{url}': without API keys the server listens on loopback addresses only, because everybody who reaches it may read every memory. "
            + "Set LATENTDB__ADMINKEY, or create an operator key over loopback first.");
    }

    /// <summary>The first address that other machines may reach, or null.</summary>
    public string? OpenUrl() => UrlList().FirstOrDefault(url => !IsLoopback(new Uri(url).Host));

    private static bool IsHttp(string url) => Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https";

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? ip) && IPAddress.IsLoopback(ip));

    private string[] UrlList() => Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private void CheckUrls()
    {
        if (Certificate.Length == 0 != (CertificateKey.Length == 0)) throw Invalid(nameof(CertificateKey), CertificateKey, "a file, together with Certificate");
        foreach (string url in UrlList())
        {
            if (!IsHttp(url)) throw Invalid(nameof(Urls), url, "addresses such as http://127.0.0.1:5080");
            if (Certificate.Length == 0 && url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)) throw Invalid(nameof(Urls), url, "http addresses, as long as there is no Certificate");
        }
    }

    /// <summary>The value itself is never said.</summary>
    private static void CheckSecret(string name, string secret)
    {
        if (secret.Length == 0) return;
        bool isValid = secret.Length is >= MinSecretLength and <= MaxSecretLength && secret.All(c => c is > ' ' and < (char)127);
        if (!isValid) throw new LatentDbException(ErrorCode.ConfigurationInvalid, $"The option {name} must be {MinSecretLength} to {MaxSecretLength} visible ASCII characters; it has {secret.Length} or others.");
    }

    private void CheckBackup()
    {
        if (BackupPlace.Length == 0 != (BackupKeysPlace.Length == 0)) throw Invalid(nameof(BackupKeysPlace), BackupKeysPlace, "a folder, together with BackupPlace");
        if (BackupSeconds is < 1 or > 604_800) throw Invalid(nameof(BackupSeconds), BackupSeconds, "1 to 604800");
        if (BackupDays is not (>= 0 and <= 36_500)) throw Invalid(nameof(BackupDays), BackupDays, "0 to 36500");
        if (BackupPlace.Length == 0) return;
        if (IsWithin(BackupPlace, Data)) throw Invalid(nameof(BackupPlace), BackupPlace, "a folder that is not in the data folder");
        if (IsWithin(BackupKeysPlace, Data) || IsWithin(BackupKeysPlace, BackupPlace) || IsWithin(BackupPlace, BackupKeysPlace)) throw Invalid(nameof(BackupKeysPlace), BackupKeysPlace, "a folder apart from BackupPlace and Data");

        static bool IsWithin(string folder, string other) => (Path.GetFullPath(folder) + "/").StartsWith(Path.GetFullPath(other).TrimEnd('/') + "/", StringComparison.Ordinal);
    }

    private void CheckCluster()
    {
        if (ClusterKey.Length == 0) throw Invalid(nameof(ClusterKey), string.Empty, "a secret that all silos have, with ClusterDatabase");
        CheckSecret(nameof(ClusterKey), ClusterKey);
        string[] roles = Roles.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (roles.Length == 0 || roles.Any(role => role is not ("store" or "model" or "api"))) throw Invalid(nameof(Roles), Roles, "any of store, model, api, separated by commas");
        if (LeaseSeconds is < 2 or > 600) throw Invalid(nameof(LeaseSeconds), LeaseSeconds, "2 to 600");
        if (Replication is not ("none" or "async" or "quorum")) throw Invalid(nameof(Replication), Replication, "none, async or quorum");
        if (Replicas is < 2 or > 5) throw Invalid(nameof(Replicas), Replicas, "2 to 5");
        if (MinInSync < 1 || MinInSync > Replicas) throw Invalid(nameof(MinInSync), MinInSync, "1 to Replicas");
        if (IsReplicated() && !AccessInDatabase) throw Invalid(nameof(AccessInDatabase), AccessInDatabase, "true, with Replication: there is no folder in common");
        if (SiloName.Length > 128) throw Invalid(nameof(SiloName), SiloName, "at most 128 characters");
        string[] files = [ClusterCertificate, ClusterCertificateKey, ClusterAuthority];
        if (files.Any(file => file.Length > 0) && files.Any(file => file.Length == 0)) throw Invalid(nameof(ClusterCertificate), ClusterCertificate, "a file, together with ClusterCertificateKey and ClusterAuthority, or none of the three");
        foreach (string url in ClusterUrls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            bool isTls = url.StartsWith("https:", StringComparison.OrdinalIgnoreCase);
            if (!IsHttp(url) || isTls != (ClusterCertificate.Length > 0)) throw Invalid(nameof(ClusterUrls), url, "http addresses, or https with ClusterCertificate");
            bool isAnywhere = new Uri(url).Host is "0.0.0.0" or "[::]" or "*" or "+" || new Uri(url).Port == 0;
            if (isAnywhere && ClusterAddress.Length == 0) throw Invalid(nameof(ClusterUrls), url, "an address that others can use, or ClusterAddress beside it");
        }
    }

    private static LatentDbException Invalid(string name, object value, string allowed) =>
        new(ErrorCode.ConfigurationInvalid, $"The option {name} has the value '{value}'; allowed: {allowed}.");
}

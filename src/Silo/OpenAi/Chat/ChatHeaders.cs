using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Versions;
using LatentDb.Silo.Http;
using LatentDb.Silo.Http.Description;
using LatentDb.Silo.Http.Memories;

namespace LatentDb.Silo.OpenAi.Chat;

/// <summary>What OpenAI's API has no word for, said in headers: which memory, which version of it, and whether it shall remember.</summary>
/// <param name="Memory">The memory's id.</param>
/// <param name="At">The version to read.</param>
/// <param name="IsCreating">A memory that is missing is made.</param>
/// <param name="Inject">What is injected after the answer.</param>
internal sealed record ChatHeaders(string Memory, VersionSelector At, bool IsCreating, ChatInject Inject)
{
    public const string VersionHeader = "X-Memory-Version";
    public const string InjectedVersionHeader = "X-Memory-Injected-Version";

    private const string AtHeader = "X-Memory-At";
    private const string InjectHeader = "X-Memory-Inject";

    public static readonly ApiParameter MemoryParameter = new(MemoryHeaders.Memory, true, false, "The memory that answers; else the field user of the body names it.");

    public static readonly ApiParameter AtParameter = new(AtHeader, true, false, "Version number, RFC 3339 time, snapshot name, or head (the default).");

    public static readonly ApiParameter CreateParameter = new(MemoryHeaders.Create, true, false, "true: make the memory if it is missing. Needs the role writer when it is. The server's option decides when absent.");

    public static readonly ApiParameter InjectParameter = new(
        InjectHeader, true, false, "none (the default), user: inject what the user said since the last answer, exchange: that and the answer. Needs the role writer.");

    /// <exception cref="LatentDbException">invalid_request.</exception>
    public static ChatHeaders Of(HttpRequest request, string? user, bool isCreatingByDefault) => new(
        MemoryHeaders.Read(request, MemoryHeaders.Memory) ?? user ?? throw new ParameterException(ErrorCode.InvalidRequest, "user", $"Name the memory: in the header {MemoryHeaders.Memory}, or in the field user."),
        MemoryHeaders.Read(request, AtHeader) is { } at ? VersionSelector.Parse(at) : VersionSelector.Head,
        MemoryHeaders.ReadFlag(request, MemoryHeaders.Create) ?? isCreatingByDefault,
        MemoryHeaders.Read(request, InjectHeader) switch
        {
            null or "none" => ChatInject.None,
            "user" => ChatInject.User,
            "exchange" => ChatInject.Exchange,
            _ => throw MemoryHeaders.Invalid(InjectHeader, "must be none, user or exchange"),
        });
}

/// <summary>What of a completion is injected into its memory.</summary>
internal enum ChatInject
{
    /// <summary>Nothing: the memory stays as it is.</summary>
    None,

    /// <summary>What the user has said since the assistant's last turn.</summary>
    User,

    /// <summary>That, and the answer.</summary>
    Exchange,
}

namespace LatentDb.Silo.Limits;

/// <summary>What a request takes of its tenant's limits, besides being one.</summary>
[Flags]
internal enum Costs
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>It is an inject, and its tokens are counted.</summary>
    Inject = 1,

    /// <summary>It uses the model while it runs, and its tokens are counted.</summary>
    Generation = 2,

    /// <summary>It stores more bytes.</summary>
    Growth = 4,

    /// <summary>It makes a memory.</summary>
    Memory = 8,

    /// <summary>Its body is stored as it comes, so its length is known beforehand.</summary>
    Upload = 16,
}

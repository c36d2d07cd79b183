namespace LatentDb.MemoryStore.Backup;

/// <summary>Bounds of backups.</summary>
internal static class BackupLimits
{
    /// <summary>Bytes of a piece: the end of a log that grows is stored anew with each pass, so not much more than that; and a terabyte is some 250,000 names.</summary>
    public const int PieceBytes = 4 << 20;

    /// <summary>Newest points in time of a shard that are kept whatever their age. Two: a later owner may be building upon the newest but one.</summary>
    public const int KeptPoints = 2;

    /// <summary>Bytes per second that a pass reads beside the traffic.</summary>
    public const long BytesPerSecond = 128L << 20;

    /// <summary>Where an object of that kind is: <c>pieces/shard-0003/...</c>.</summary>
    public const string Pieces = "pieces";

    public const string Points = "points";

    public const string Keys = "keys";
}

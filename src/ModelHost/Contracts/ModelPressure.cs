namespace LatentDb.ModelHost.Contracts;

/// <summary>How much a model host has to do at a moment.</summary>
/// <param name="Requests">Those that have a place and those that wait for one.</param>
/// <param name="Places">Requests that run at once; 0 = it computes nothing itself.</param>
public readonly record struct ModelPressure(int Requests, int Places)
{
    /// <summary>Requests over places: what the membership of a cluster tells the others. 0 without places.</summary>
    public double Load => Places == 0 ? 0 : (double)Requests / Places;
}

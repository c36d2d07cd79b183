using Orleans;

namespace LatentDb.Grains.Contracts;

/// <summary>The same contract as a grain's interface; its key is the memory's full name.</summary>
public partial interface IMemoryGrain : IGrainWithStringKey;

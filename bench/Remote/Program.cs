using System.Globalization;

namespace LatentDb.Remote;

/// <summary>What a model in another process costs against one in this process: <c>dotnet run -c Release --project bench/Remote -- [rounds] [checkpoint]</c>.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["serve", var served]) await ModelProcess.ServeAsync(served);
        else await Overhead.RunAsync(arguments.Length > 1 ? arguments[1] : "models/small", arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 100);
        return 0;
    }
}
